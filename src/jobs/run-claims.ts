import { setTimeout as sleep } from 'node:timers/promises'
import { systemActor } from '../platform/actor.ts'
import { isConnectionError, isTransient } from '../platform/errors.ts'
import type { InTxHandler, OutsideHandler, OutsideRun } from '../platform/job.ts'
import { inTransaction, inTransactionAfter, type Tx } from '../platform/tx.ts'
import type { Outcome } from './history.ts'
import { clearKeys } from './keys.ts'
import { beginLimited } from './pgboss-rows.ts'
import { type Claim, DatabaseGone, jobRunOf, LostClaim, type Runtime } from './runtime.ts'
import { completeClaims, handBack, settleFailure } from './settle.ts'
import { databaseLimitMs, isDatabaseGone, within } from './within.ts'

const TRANSIENT_RETRIES = 3
const RECONNECT_PAUSE_MS = 200
/** A snooze or a lost claim says nothing about the job. */
const REAL_FAILURES: ReadonlySet<Outcome> = new Set(['retry', 'split', 'dead'])

/**
 * Runs claims of one `inTx` kind: all in one transaction; when that throws (or `together` is false, because it threw
 * just now), each job alone, so that only the guilty one is retried. Never throws: every claim is settled, or given back
 * when the database is away.
 */
export async function runBatch(
  rt: Runtime,
  handler: InTxHandler,
  claims: readonly Claim[],
  together = true,
): Promise<void> {
  if (handler.contract.key !== undefined) await freeKeys(rt, claims)
  const error =
    together || claims.length === 1 ? await tryTogether(rt, handler, claims) : new Error('not tried together')
  if (error === undefined || (error instanceof LostClaim && claims.length === 1)) return
  if (claims.length === 1 || error instanceof DatabaseGone) return await settleAll(rt, claims, error)
  for (const [turn, claim] of claims.entries()) {
    // Those that had no turn yet: our caller forgets them, so nobody else would hand them back.
    if (rt.stopping.aborted && claim.abort.signal.aborted) {
      return await settleAll(rt, claims.slice(turn), new DatabaseGone('the worker stops'))
    }
    const alone = await tryTogether(rt, handler, [claim])
    if (alone !== undefined && !(alone instanceof LostClaim)) await settleAll(rt, [claim], alone)
  }
}

async function tryTogether(rt: Runtime, handler: InTxHandler, claims: readonly Claim[], tries = 0): Promise<unknown> {
  const startedAt = performance.now()
  const { kind, timeoutSeconds } = handler.contract
  try {
    const work = inTransactionAfter(
      rt,
      systemActor('worker'),
      db => beginLimited(db, databaseLimitMs(timeoutSeconds)),
      async tx => {
        await handler.run(
          tx,
          claims.map(claim => claim.data),
          claims.map(jobRunOf),
        )
        await completeClaims(rt, tx.db, claims)
      },
    )
    await within(work, timeoutSeconds)
    rt.meter.completed(kind, claims.length, performance.now() - startedAt)
    return undefined
  } catch (error) {
    // Deadlocks and the like are about the neighbours of the batch, not about its jobs.
    if (isTransient(error) && tries < TRANSIENT_RETRIES) return await tryTogether(rt, handler, claims, tries + 1)
    const isGone = isDatabaseGone(error, startedAt, timeoutSeconds)
    return isGone ? new DatabaseGone('the database went away', { cause: error }) : error
  }
}

/** Runs one claim of an `outside` kind and settles it. Never throws. */
export async function runOutside(rt: Runtime, handler: OutsideHandler<never>, claim: Claim): Promise<void> {
  if (handler.contract.key !== undefined) await freeKeys(rt, [claim])
  const startedAt = performance.now()
  const run = outsideRun(rt, claim)
  try {
    await within(handler.run(rt.handlerDeps as never, claim.data, run), handler.contract.timeoutSeconds, claim.abort)
    if (!run.isCompleted()) await run.complete(async () => undefined)
    rt.meter.completed(claim.kind, 1, performance.now() - startedAt)
  } catch (error) {
    if (error instanceof LostClaim)
      return rt.log.info(
        { job_id: claim.id, kind: claim.kind },
        'the claim of a job was lost; its effects were rolled back',
      )
    const detached = run.isStopping() && claim.abort.signal.aborted
    await settleAll(rt, [claim], detached ? new DatabaseGone('the worker stops') : error)
  }
}

function outsideRun(rt: Runtime, claim: Claim): OutsideRun & { isCompleted(): boolean } {
  let completed = false
  const inDatabase = async <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => {
    try {
      return await inTransaction(rt, systemActor('worker'), fn)
    } catch (error) {
      throw isConnectionError(error) ? new DatabaseGone('the database went away', { cause: error }) : error
    }
  }
  return {
    ...jobRunOf(claim),
    signal: claim.abort.signal,
    isStopping: () => rt.stopping.aborted,
    isCompleted: () => completed,
    transaction: inDatabase,
    complete: async record => {
      const result = await inDatabase(async tx => {
        const recorded = await record(tx)
        await completeClaims(rt, tx.db, [claim])
        return recorded
      })
      completed = true
      return result
    },
  }
}

/** Settles failed claims, however long the database is away meanwhile: what was claimed here must not hang. */
async function settleAll(rt: Runtime, claims: readonly Claim[], error: unknown): Promise<void> {
  await untilDatabaseAnswers(rt, async () => {
    if (error instanceof DatabaseGone) return await handBack(rt, claims, error.message)
    for (const claim of claims) {
      const outcome = await settleFailure(rt, claim, error)
      if (REAL_FAILURES.has(outcome)) rt.meter.failed(claim.kind, Date.now() - claim.startedAt)
      const fields = { job_id: claim.id, kind: claim.kind, attempt: claim.retryCount + 1, outcome }
      if (outcome !== 'snoozed') rt.log.warn({ ...fields, err: error }, 'a job failed')
    }
  })
}

/** Repeats while the connection fails or a deadlock is lost; after another error the claim lapses by its heartbeat. */
async function untilDatabaseAnswers(rt: Runtime, settle: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await settle()
    } catch (error) {
      if (!isConnectionError(error) && !isTransient(error))
        return rt.log.error({ err: error }, 'a claim could not be settled; it runs again when its heartbeat lapses')
    }
    await sleep(RECONNECT_PAUSE_MS, undefined, { ref: false })
  }
}

async function freeKeys(rt: Runtime, claims: readonly Claim[]): Promise<void> {
  const ids = claims.map(claim => claim.id)
  await untilDatabaseAnswers(rt, () => clearKeys(rt.db, claims[0]?.kind ?? '', ids))
}
