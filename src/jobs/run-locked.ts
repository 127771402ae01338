import { systemActor } from '../platform/actor.ts'
import { isTransient } from '../platform/errors.ts'
import type { InTxHandler } from '../platform/job.ts'
import { inTransactionAfter, type Tx } from '../platform/tx.ts'
import { clearKeys } from './keys.ts'
import { completeLockedJobs, type LockedJob, lockDueJobs } from './pgboss-rows.ts'
import type { Runtime } from './runtime.ts'
import { waitsOf } from './waits.ts'
import { databaseLimitMs, isDatabaseGone, within } from './within.ts'

/**
 * How a batch by row locks went. After `failed` nothing happened: the jobs are as they were and need real claims. After
 * `again` nothing happened either, but only because of the neighbours (a deadlock).
 */
type LockedOutcome = 'done' | 'failed' | 'again'

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
  onTaken: (jobs: number) => void,
): Promise<LockedOutcome> {
  const { kind, timeoutSeconds } = handler.contract
  const startedAt = performance.now()
  let taken: LockedJob[] = []
  const work = inTransactionAfter(
    rt,
    systemActor('worker'),
    async db => {
      taken = await lockDueJobs(db, kind, limit, databaseLimitMs(timeoutSeconds))
      onTaken(taken.length)
      return taken[0]?.now ?? new Date()
    },
    async tx => {
      if (taken.length === 0) return
      const run = performance.now()
      await runJobs(handler, tx, taken)
      const done = { workerId: rt.workerId, now: tx.now, ranMs: performance.now() - run }
      await completeLockedJobs(
        tx.db,
        kind,
        taken.map(job => job.id),
        done,
      )
    },
  )
  try {
    await within(work, timeoutSeconds)
  } catch (error) {
    if (isDatabaseGone(error, startedAt, timeoutSeconds)) throw error
    if (isTransient(error)) return 'again'
    rt.log.debug({ err: error, kind, jobs: taken.length }, 'a batch was rolled back; its jobs are claimed one by one')
    return 'failed'
  }
  if (taken.length > 0) {
    const runMs = performance.now() - startedAt
    rt.meter.started(kind, taken.length, waitsOf(taken, Date.now() - runMs))
    rt.meter.completed(kind, taken.length, runMs)
  }
  return 'done'
}

async function runJobs(handler: InTxHandler, tx: Tx, jobs: readonly LockedJob[]): Promise<void> {
  const { kind, key } = handler.contract
  if (key !== undefined) {
    const ids = jobs.map(job => job.id)
    await clearKeys(tx.db, kind, ids)
  }
  await handler.run(
    tx,
    jobs.map(job => job.data),
    jobs.map(job => ({ id: job.id, kind, attempt: job.retryCount + 1 })),
  )
}
