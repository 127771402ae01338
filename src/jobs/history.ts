import { sql } from 'kysely'
import type { TxDb } from '../platform/tx.ts'

export type Outcome = 'retry' | 'snoozed' | 'lost' | 'timed_out' | 'split' | 'handed_back' | 'dead'

export type Attempt = {
  jobId: string
  attempt: number
  kind: string
  outcome: Outcome
  workerId: string | null
  startedAt: Date | null
  endedAt: Date
  error: JobError | null
}

export type JobError = { name: string; message: string; stack: string | null }

/** An error as history and dead letters keep it. */
export function describeError(error: unknown): JobError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: null }
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return { name: error.name, message: error.message + cause, stack: error.stack ?? null }
}

/** Records attempts that did not succeed, in the transaction that settles them. */
export async function recordAttempts(db: TxDb, attempts: readonly Attempt[]): Promise<void> {
  if (attempts.length === 0) return
  await sql`
    insert into job_attempts (job_id, attempt, kind, outcome, worker_id, started_at, ended_at, error)
    select "jobId", attempt, kind, outcome, "workerId", "startedAt", "endedAt", error
    from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb) as a
      ("jobId" uuid, attempt int, kind text, outcome text, "workerId" text, "startedAt" timestamptz, "endedAt" timestamptz, error jsonb)
  `.execute(db)
}
