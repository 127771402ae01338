import { systemActor } from '../platform/actor.ts'
import { isConnectionError, isTransient } from '../platform/errors.ts'
import type { InTxHandler } from '../platform/job.ts'
import { inTransactionAfter, type Tx } from '../platform/tx.ts'
import { clearKeys } from './keys.ts'
import { completeLockedJobs, type LockedJob, lockDueJobs } from './pgboss-rows.ts'
import type { Runtime } from './runtime.ts'
import { waitsOf } from './waits.ts'
import { databaseLimitMs, within } from './within.ts'

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
  const { kind, timeoutSeconds } = handler.contract
  const startedAt = performance.now()
  const limitMs = databaseLimitMs(timeoutSeconds)
  let taken: LockedJob[] = []
  const work = inTransactionAfter(
    rt,
    systemActor('worker'),
    async db => {
      taken = await lockDueJobs(db, kind, limit, limitMs)
      onTaken(taken.length)
      return { now: taken[0]?.now ?? new Date() }
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
    // Beyond the limit it was Postgres that ended the transaction, for its slowness.
    if (isConnectionError(error) && performance.now() - startedAt < limitMs) throw error
    if (isTransient(error)) return { outcome: 'again', jobs: taken.length }
    rt.log.debug({ err: error, kind, jobs: taken.length }, 'a batch was rolled back; its jobs are claimed one by one')
    return { outcome: 'failed', jobs: taken.length }
  }
  if (taken.length > 0) {
    const runMs = performance.now() - startedAt
    rt.meter.started(kind, taken.length, waitsOf(taken, Date.now() - runMs))
    rt.meter.completed(kind, taken.length, runMs)
  }
  return { outcome: 'done', jobs: taken.length }
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
