import { sql } from 'kysely'
import { notFound } from '../../platform/errors.ts'
import type { Db } from '../../platform/tx.ts'
import type { JobView } from './search-jobs.ts'

export type AttemptView = {
  attempt: number
  outcome: string
  workerId: string | null
  startedAt: Date | null
  endedAt: Date | null
  error: string | null
}

export type JobDetails = JobView & {
  payload: unknown
  timeoutSeconds: number
  heartbeatAt: Date | null
  key: string | null
  deadLetterId: string | null
  history: AttemptView[]
}

/** One job with its payload and every attempt that is kept. @throws AppError 404 */
export async function getJob(db: Db, id: string): Promise<JobDetails> {
  const { rows } = await sql<JobDetails>`
    select j.id, j.kind, j.state, j.priority, j.attempts, j.attempts_left as "attemptsLeft", j.due_at as "dueAt",
           j.created_at as "createdAt", j.started_at as "startedAt", j.finished_at as "finishedAt", j.worker_id as "workerId", j.error,
           j.payload, j.timeout_seconds as "timeoutSeconds", j.heartbeat_at as "heartbeatAt",
           (select k.key from job_keys k where k.kind = j.kind and k.job_id = j.id limit 1) as key,
           (select d.id from dead_letters d where d.job_id = j.id) as "deadLetterId"
    from inspect.job_line j where j.kind = inspect.kind_of_job(${id}) and j.id = ${id}
  `.execute(db)
  const [job] = rows
  if (job === undefined) throw notFound('Job')
  return { ...job, history: await readHistory(db, id) }
}

async function readHistory(db: Db, id: string): Promise<AttemptView[]> {
  const { rows } = await sql<AttemptView>`
    select attempt, outcome, worker_id as "workerId", started_at as "startedAt", ended_at as "endedAt", error
    from inspect.job_attempt where job_id = ${id} order by coalesce(ended_at, started_at), attempt
  `.execute(db)
  return rows
}
