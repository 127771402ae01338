import { sql } from 'kysely'
import { fromKysely } from 'pg-boss'
import { systemActor } from '../platform/actor.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { buryClaim } from './bury.ts'
import { type JobError, recordAttempts } from './history.ts'
import { findStaleClaims, rescheduleJobs, type StaleClaim, settledIds } from './pgboss-rows.ts'
import { fenced, type Runtime } from './runtime.ts'

/** Any fixed number: one supervisor of the fleet works at a time. */
const SUPERVISOR_LOCK = 740_122
/** A worker ends its own overdue jobs; only what it did not end after this is ended here. */
const TIMEOUT_GRACE_SECONDS = 5
const MAX_CLAIMS = 2_000
/** After Postgres was away every heartbeat is old: the living workers, who beat every two seconds, come first. */
export const SETTLING_SECONDS = 3

const LOST: JobError = { name: 'WorkerLost', message: 'the worker went silent', stack: null }
const TIMED_OUT: JobError = { name: 'TimedOut', message: 'ran longer than its timeout', stack: null }

/**
 * Takes jobs from workers that went silent for 10 s or let a job outlive its timeout. A lost heartbeat uses an attempt
 * but no delay; a timeout waits as the curve says; a last attempt dies. Returns how many claims it took.
 */
export async function superviseClaims(rt: Runtime): Promise<number> {
  const woken = new Set<string>()
  const taken = await inTransaction(rt, systemActor('supervisor'), async tx => {
    const { rows } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(${SUPERVISOR_LOCK})
        and clock_timestamp() - pg_postmaster_start_time() > ${SETTLING_SECONDS} * interval '1 second' as mine
    `.execute(tx.db)
    if (!rows[0]?.mine) return 0
    const stale = await findStaleClaims(tx.db, tx.now, TIMEOUT_GRACE_SECONDS, MAX_CLAIMS)
    for (const [kind, claims] of Map.groupBy(stale, claim => claim.kind)) {
      await retryStale(
        rt,
        tx,
        kind,
        claims.filter(claim => claim.retriesLeft > 0),
      )
      for (const claim of claims) if (claim.retriesLeft <= 0) await buryStale(rt, tx, claim)
      woken.add(kind)
    }
    return stale.length
  })
  if (taken > 0) {
    rt.log.warn({ jobs: taken, kinds: [...woken] }, 'jobs of silent workers or beyond their timeout were taken back')
    rt.jobs.wake(woken)
  }
  return taken
}

async function retryStale(rt: Runtime, tx: Tx, kind: string, claims: readonly StaleClaim[]): Promise<void> {
  const curve = rt.handlers.get(kind)?.contract.retry ?? []
  // Those with the same delay go together: normally two groups, the lost and the timed out on the same step.
  for (const group of Map.groupBy(claims, claim => `${claim.lost}:${claim.retriesLeft}`).values()) {
    const [first] = group
    if (first === undefined) continue
    const step = Math.max(0, curve.length - first.retriesLeft)
    const delay = first.lost ? 0 : (curve[step] ?? 0)
    const error = first.lost ? LOST : TIMED_OUT
    const failed = settledIds(await rt.boss.fail(kind, fenced(group), error, { db: fromKysely(tx.db) }))
    await rescheduleJobs(tx.db, kind, failed, {
      startAt: new Date(tx.now.getTime() + delay * 1000),
      retryDelaySeconds: curve[step + 1] ?? curve.at(-1) ?? 0,
    })
    const taken = group.filter(claim => failed.includes(claim.id))
    await recordAttempts(
      tx.db,
      taken.map(claim => attemptOf(tx, claim, first.lost ? 'lost' : 'timed_out', error)),
    )
  }
}

async function buryStale(rt: Runtime, tx: Tx, claim: StaleClaim): Promise<void> {
  const error = claim.lost ? LOST : TIMED_OUT
  await buryClaim(rt, tx, claim, attemptOf(tx, claim, 'dead', error), error)
}

const attemptOf = (tx: Tx, claim: StaleClaim, outcome: 'lost' | 'timed_out' | 'dead', error: JobError) => ({
  jobId: claim.id,
  attempt: claim.retryCount + 1,
  kind: claim.kind,
  outcome,
  workerId: null,
  startedAt: claim.startedAt,
  endedAt: tx.now,
  error,
})
