import { fromKysely } from 'pg-boss'
import { systemActor } from '../platform/actor.ts'
import { type JobContract, Permanent, Snooze } from '../platform/job.ts'
import { inTransaction, type Tx, type TxDb } from '../platform/tx.ts'
import { buryClaim } from './bury.ts'
import { describeError, type Outcome, recordAttempts } from './history.ts'
import { rescheduleJobs, retriesLeft, settledIds } from './pgboss-rows.ts'
import { type Claim, fenced, LostClaim, type Runtime } from './runtime.ts'

/** Completes claims in the transaction of their effects. @throws LostClaim when even one of them is not ours any more */
export async function completeClaims(rt: Runtime, db: TxDb, claims: readonly Claim[], note?: object): Promise<void> {
  const [first] = claims
  if (first === undefined) return
  const output = { worker: rt.workerId, ...note }
  const response = await rt.boss.complete(first.kind, fenced(claims), output, { db: fromKysely(db) })
  const lost = claims.length - settledIds(response).length
  if (lost > 0) throw new LostClaim(`${lost} of ${claims.length} claims of ${first.kind} went to another attempt`)
}

/**
 * Settles one claim whose handler threw, in one transaction: back on the retry curve, later (Snooze), split into jobs of
 * one member each, or dead. Returns what became of it; `lost` when another attempt has the job by now.
 */
export async function settleFailure(rt: Runtime, claim: Claim, error: unknown): Promise<Outcome> {
  const handler = rt.handlers.get(claim.kind)
  if (handler === undefined) throw new Error(`no handler for ${claim.kind}`)
  const outcome = await inTransaction(rt, systemActor('worker'), async tx => {
    const left = await retriesLeft(tx.db, claim.kind, claim.id, claim.retryCount)
    if (left === undefined) return 'lost'
    if (error instanceof Snooze) return await putOff(rt, tx, claim, error)
    if (await splitSet(rt, tx, handler.contract, claim, error)) return 'split'
    if (error instanceof Permanent || left <= 0) return await bury(rt, tx, claim, error)
    return await retry(rt, tx, handler.contract, claim, error, left)
  })
  if (outcome === 'split' || outcome === 'retry') rt.jobs.wake([claim.kind])
  return outcome
}

async function retry(
  rt: Runtime,
  tx: Tx,
  contract: JobContract<never>,
  claim: Claim,
  error: unknown,
  left: number,
): Promise<Outcome> {
  // Counted by what is left, so that hand-backs and snoozes, which add to both counts, never shift the curve.
  const step = Math.max(0, contract.retry.length - left)
  const delay = contract.retry[step] ?? 0
  const failed = await rt.boss.fail(claim.kind, fenced([claim]), describeError(error), { db: fromKysely(tx.db) })
  if (settledIds(failed).length !== 1) throw new LostClaim(`the claim of ${claim.kind} went to another attempt`)
  await rescheduleJobs(tx.db, claim.kind, [claim.id], {
    startAt: new Date(tx.now.getTime() + delay * 1000),
    retryDelaySeconds: contract.retry[step + 1] ?? delay,
  })
  await recordAttempts(tx.db, [attemptOf(rt, tx, claim, 'retry', error)])
  return 'retry'
}

async function bury(rt: Runtime, tx: Tx, claim: Claim, error: unknown): Promise<Outcome> {
  const attempt = attemptOf(rt, tx, claim, 'dead', error)
  return (await buryClaim(rt, tx, claim, attempt, describeError(error))) ? 'dead' : 'lost'
}

/** Replaces a failed set by jobs of one member each, which start at once with a full curve of their own. */
async function splitSet(
  rt: Runtime,
  tx: Tx,
  contract: JobContract<never>,
  claim: Claim,
  error: unknown,
): Promise<boolean> {
  if (contract.split === undefined || error instanceof Permanent) return false
  const payload = contract.payload.safeParse(claim.data)
  if (!payload.success) return false
  const parts = contract.split(payload.data)
  if (parts.length < 2) return false
  await completeClaims(rt, tx.db, [claim], { split: parts.length, error: describeError(error).message })
  await recordAttempts(tx.db, [attemptOf(rt, tx, claim, 'split', error)])
  await tx.enqueue(contract, parts)
  return true
}

async function putOff(rt: Runtime, tx: Tx, claim: Claim, snooze: Snooze): Promise<Outcome> {
  const startAt = new Date(tx.now.getTime() + snooze.seconds * 1000)
  if ((await unclaim(rt, tx, [claim], startAt)).length === 0) return 'lost'
  await recordAttempts(tx.db, [attemptOf(rt, tx, claim, 'snoozed', snooze)])
  return 'snoozed'
}

/**
 * Gives claims back without using an attempt, ready to run at once: a deploy, or a database that went away. Claims that
 * are not ours any more are left alone.
 */
export async function handBack(rt: Runtime, claims: readonly Claim[], why: string): Promise<void> {
  for (const [kind, group] of Map.groupBy(claims, claim => claim.kind)) {
    await inTransaction(rt, systemActor('worker'), async tx => {
      const given = await unclaim(rt, tx, group, tx.now)
      const back = group.filter(claim => given.includes(claim.id))
      await recordAttempts(
        tx.db,
        back.map(claim => attemptOf(rt, tx, claim, 'handed_back', new Error(why))),
      )
    })
    rt.jobs.wake([kind])
  }
}

/**
 * pg-boss counts every claim as an attempt, so the limit rises by one as well. `cancel` is fenced; what it did not match
 * is not ours any more, and `resume` would also wake jobs that somebody cancelled.
 */
async function unclaim(rt: Runtime, tx: Tx, claims: readonly Claim[], startAt: Date): Promise<string[]> {
  const [first] = claims
  if (first === undefined) return []
  const db = fromKysely(tx.db)
  const ids = settledIds(await rt.boss.cancel(first.kind, fenced(claims), { db }))
  if (ids.length === 0) return []
  await rt.boss.resume(first.kind, ids, { db })
  await rescheduleJobs(tx.db, first.kind, ids, { startAt, extraRetries: 1 })
  return ids
}

const attemptOf = (rt: Runtime, tx: Tx, claim: Claim, outcome: Outcome, error: unknown) => ({
  jobId: claim.id,
  attempt: claim.retryCount + 1,
  kind: claim.kind,
  outcome,
  workerId: rt.workerId,
  startedAt: new Date(claim.startedAt),
  endedAt: tx.now,
  error: describeError(error),
})
