import { sql } from 'kysely'
import { fromKysely } from 'pg-boss'
import { isTransient } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { OnDead } from '../platform/job.ts'
import type { Tx } from '../platform/tx.ts'
import { type Attempt, type JobError, recordAttempts } from './history.ts'
import { clearKeys } from './keys.ts'
import { makeLastAttempt } from './pgboss-rows.ts'
import { type Claim, fenced, type Runtime } from './runtime.ts'

/**
 * Ends a job with its running attempt: fails it for good, records the attempt and writes its dead letter. Returns false,
 * with nothing done, when the claim went to another attempt.
 */
export async function buryClaim(
  rt: Runtime,
  tx: Tx,
  claim: Pick<Claim, 'id' | 'kind' | 'data' | 'retryCount'>,
  attempt: Attempt,
  error: JobError,
): Promise<boolean> {
  if (!(await makeLastAttempt(tx.db, claim.kind, claim.id, claim.retryCount))) return false
  await rt.boss.fail(claim.kind, fenced([claim]), error, { db: fromKysely(tx.db) })
  await recordAttempts(tx.db, [attempt])
  await writeDeadLetter(rt, tx, { jobId: claim.id, kind: claim.kind, payload: claim.data, error })
  return true
}

export type DeadJob = { jobId: string; kind: string; payload: unknown; error: JobError }

/**
 * The only writer of `dead_letters` and the only caller of the dying hook. Keyed by the job that died, so the attempt
 * that the runtime buried and the copy that pg-boss itself put into the queue `dead` make one row and one hook call.
 */
export async function writeDeadLetter(
  rt: Pick<Runtime, 'handlers' | 'log' | 'meter'>,
  tx: Tx,
  dead: DeadJob,
): Promise<void> {
  const { numAffectedRows } = await sql`
    insert into dead_letters (id, job_id, kind, payload, error, error_class, attempts, first_failed_at, last_failed_at)
    select ${newId(tx.now)}, ${dead.jobId}, ${dead.kind}, ${JSON.stringify(dead.payload ?? null)}::jsonb,
           ${JSON.stringify(dead.error)}::jsonb, ${dead.error.name},
           greatest(1, count(*) filter (where outcome in ('retry', 'lost', 'timed_out', 'dead'))),
           coalesce(min(ended_at) filter (where outcome in ('retry', 'lost', 'timed_out', 'dead')), ${tx.now}), ${tx.now}
    from job_attempts where job_id = ${dead.jobId}
    on conflict (job_id) do nothing
  `.execute(tx.db)
  if (numAffectedRows === 0n) return
  tx.afterCommit(() => rt.meter.dead(dead.kind))
  // A job that died before a handler saw it still holds its key.
  await clearKeys(tx.db, dead.kind, [dead.jobId])
  rt.log.error(
    { job_id: dead.jobId, kind: dead.kind, error: dead.error.message },
    'a job died; it waits in dead_letters',
  )
  const hook = rt.handlers.get(dead.kind)?.onDead
  if (hook) await callHook(rt, tx, dead, hook)
}

/** A hook that fails must not keep the dead letter from being written: its own writes are rolled back and it is logged. */
async function callHook(rt: Pick<Runtime, 'log'>, tx: Tx, dead: DeadJob, hook: OnDead): Promise<void> {
  await sql`savepoint dying`.execute(tx.db)
  try {
    await hook(tx, dead.payload, new Error(dead.error.message))
    await sql`release savepoint dying`.execute(tx.db)
  } catch (error) {
    // A lost deadlock says nothing about the hook: all of it is done again.
    if (isTransient(error)) throw error
    await sql`rollback to savepoint dying`.execute(tx.db)
    rt.log.error(
      { err: error, job_id: dead.jobId, kind: dead.kind },
      'the dying hook of a job failed; its row stays as it was',
    )
  }
}
