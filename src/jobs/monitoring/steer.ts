import { sql } from 'kysely'
import { actorColumns } from '../../platform/actor.ts'
import { AppError, conflict, notFound, sqlState } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'

/** What the functions of schema inspect raise. */
const NOT_FOUND = 'P0002'
const WRONG_STATE = '55000'
const BAD_ARGUMENT = '22023'

/** Runs a function of schema inspect; what it refuses becomes an AppError with its sentence. */
export async function steer<T>(what: string, code: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const state = sqlState(error)
    if (state === NOT_FOUND) throw notFound(what)
    if (state === WRONG_STATE) throw conflict(code, message)
    if (state === BAD_ARGUMENT) throw new AppError(422, 'invalid_value', message)
    throw error
  }
}

/** No worker starts jobs of this kind until it is resumed or `until` has passed. @throws AppError 404, 422 */
export async function pauseQueue(tx: Tx, kind: string, reason: string, until: Date | null): Promise<void> {
  const { kind: who, id } = actorColumns(tx.actor)
  await steer('Queue', 'queue_wrong_state', () =>
    sql`select inspect.pause_queue_as(${who}, ${id}, ${kind}, ${reason}, ${until})`.execute(tx.db),
  )
}

/** Ends a pause; one that has ended before is no error. @throws AppError 404 */
export async function resumeQueue(tx: Tx, kind: string): Promise<void> {
  const { kind: who, id } = actorColumns(tx.actor)
  await steer('Queue', 'queue_wrong_state', () =>
    sql`select inspect.resume_queue_as(${who}, ${id}, ${kind})`.execute(tx.db),
  )
}

/** Cancels a queued job at once; a running one loses its claim. Returns what it was. @throws AppError 404, 409 `job_wrong_state` */
export async function cancelJob(tx: Tx, jobId: string): Promise<'queued' | 'processing'> {
  const { kind: who, id } = actorColumns(tx.actor)
  const { rows } = await steer('Job', 'job_wrong_state', () =>
    sql<{ was: 'queued' | 'processing' }>`select inspect.cancel_job_as(${who}, ${id}, ${jobId}) as was`.execute(tx.db),
  )
  return rows[0]?.was ?? 'queued'
}

/**
 * A waiting job starts now, the dead letter of a failed one is redriven. Returns the id of the job that will run.
 * @throws AppError 404, 409 `job_wrong_state`
 */
export async function retryJob(tx: Tx, jobId: string): Promise<string> {
  const { kind: who, id } = actorColumns(tx.actor)
  const { rows } = await steer('Job', 'job_wrong_state', () =>
    sql<{ id: string }>`select inspect.retry_job_as(${who}, ${id}, ${jobId}) as id`.execute(tx.db),
  )
  return rows[0]?.id ?? jobId
}
