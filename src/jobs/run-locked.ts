import { systemActor } from '../platform/actor.ts'
import { isConnectionError, isTransient } from '../platform/errors.ts'
import { timeOfId } from '../platform/ids.ts'
import type { InTxHandler } from '../platform/job.ts'
import { inTransactionAfter } from '../platform/tx.ts'
import { clearKeys } from './keys.ts'
import { completeLockedJobs, type LockedJob, lockDueJobs } from './pgboss-rows.ts'
import type { Runtime } from './runtime.ts'
import { within } from './within.ts'

/**
 * How a batch by row locks went. After `failed` nothing happened: the jobs are as they were and need real claims. After
 * `again` nothing happened either, but only because of the neighbours (a deadlock).
 */
export type LockedBatch = { outcome: 'done' | 'failed' | 'again'; jobs: number }

/**
 * The fast way through an `inTx` kind: one transaction locks up to a batch of due jobs, runs the handler and completes
 * them. Nobody else sees them meanwhile, a killed worker frees them at once without using an attempt, and each job costs
 * one row version instead of two. When anything throws, all of it is rolled back and the caller takes real claims, which
 * count attempts and isolate the guilty job.
 *
 * Measured with trivial jobs in batches of 500 (bench `drain`): claim and completion in two transactions reached 0.9 × of
 * pg-boss alone, this 1.5 ×.
 *
 * `onTaken` hears how many jobs the batch has before the handler runs. Throws only when the database is away.
 */
export async function runLocked(
  rt: Runtime,
  handler: InTxHandler,
  limit: number,
  onTaken: (jobs: number) => void = () => undefined,
): Promise<LockedBatch> {
  const { kind, key, timeoutSeconds } = handler.contract
  let taken = 0
  try {
    const startedAt = performance.now()
    const work = inTransactionAfter(
      rt,
      systemActor('worker'),
      async db => {
        const jobs = await lockDueJobs(db, kind, limit)
        return { jobs, now: jobs[0]?.now ?? new Date() }
      },
      async (tx, { jobs }) => {
        taken = jobs.length
        onTaken(taken)
        if (taken === 0) return
        rt.meter.started(
          kind,
          jobs.map(job => waitOf(job, tx.now)),
        )
        const ids = jobs.map(job => job.id)
        if (key !== undefined) await clearKeys(tx.db, kind, ids)
        await handler.run(
          tx,
          jobs.map(job => job.data),
          jobs.map(job => ({ id: job.id, kind, attempt: job.retryCount + 1 })),
        )
        await completeLockedJobs(tx.db, kind, ids, { workerId: rt.workerId, now: tx.now })
      },
    )
    await within(work, timeoutSeconds)
    if (taken > 0) rt.meter.completed(kind, taken, performance.now() - startedAt)
    return { outcome: 'done', jobs: taken }
  } catch (error) {
    if (isConnectionError(error)) throw error
    if (isTransient(error)) return { outcome: 'again', jobs: taken }
    rt.log.debug({ err: error, kind, jobs: taken }, 'a batch was rolled back; its jobs are claimed and run one by one')
    return { outcome: 'failed', jobs: taken }
  }
}

/** How long a first attempt waited: its id carries the moment at which it fell due. */
function waitOf(job: LockedJob, now: Date): number {
  const due = job.retryCount === 0 ? timeOfId(job.id) : undefined
  return due === undefined ? 0 : Math.max(0, now.getTime() - due)
}
