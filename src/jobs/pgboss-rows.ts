import { sql } from 'kysely'
import type { CommandResponse } from 'pg-boss'
import type { Db, TxDb } from '../platform/tx.ts'

/**
 * The few statements on pg-boss' own table for which its API has no call for a set of jobs. pg-boss is pinned exactly;
 * an upgrade reads this file first.
 */

/** The jobs that a settling call of pg-boss matched. Its answers carry them, only its types do not say so. */
export const settledIds = (response: CommandResponse): string[] => (response as { settled?: string[] }).settled ?? []

/** Sets when these waiting jobs start and the delay that holds if their next attempt is lost to pg-boss itself. */
export async function rescheduleJobs(
  db: TxDb,
  kind: string,
  ids: readonly string[],
  change: { startAt: Date; retryDelaySeconds?: number; extraRetries?: number },
): Promise<void> {
  await sql`
    update pgboss.job set
      start_after = ${change.startAt},
      retry_delay = coalesce(${change.retryDelaySeconds ?? null}::int, retry_delay),
      retry_limit = retry_limit + ${change.extraRetries ?? 0}
    where name = ${kind} and id = any(${ids}::uuid[]) and state < 'active'
  `.execute(db)
}

/** Makes the running attempt of a job its last one; its dead letter is written by us, so pg-boss makes no copy. */
export async function makeLastAttempt(db: TxDb, kind: string, id: string, retryCount: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update pgboss.job set retry_limit = retry_count, dead_letter = null
    where name = ${kind} and id = ${id} and state = 'active' and retry_count = ${retryCount}
  `.execute(db)
  return numAffectedRows === 1n
}

/** How many retries the running attempt has left; undefined when the claim is lost. */
export async function retriesLeft(db: TxDb, kind: string, id: string, retryCount: number): Promise<number | undefined> {
  const { rows } = await sql<{ left: number }>`
    select retry_limit - retry_count as left from pgboss.job
    where name = ${kind} and id = ${id} and state = 'active' and retry_count = ${retryCount}
  `.execute(db)
  return rows[0]?.left
}

export type StaleClaim = {
  id: string
  kind: string
  data: unknown
  retryCount: number
  retriesLeft: number
  startedAt: Date
  /** True when the heartbeat lapsed; false when the job ran longer than its timeout. */
  lost: boolean
}

/** Claims whose worker went silent or that outlived their timeout by `graceSeconds`; walks `antre_job_active`. */
export async function findStaleClaims(db: TxDb, now: Date, graceSeconds: number, limit: number): Promise<StaleClaim[]> {
  const { rows } = await sql<StaleClaim>`
    select id, name as kind, data, retry_count as "retryCount", retry_limit - retry_count as "retriesLeft", started_on as "startedAt",
           heartbeat_on + heartbeat_seconds * interval '1 second' < ${now} as lost
    from pgboss.job_common
    where state = 'active'
      and (heartbeat_on + heartbeat_seconds * interval '1 second' < ${now}
        or started_on + (expire_seconds + ${graceSeconds}) * interval '1 second' < ${now})
    limit ${limit}
  `.execute(db)
  return rows
}

/** Which of these kinds have a due job, and which are paused; walks one index entry per kind (`job_i11`). */
export async function findDueKinds(db: Db, kinds: readonly string[]): Promise<{ due: string[]; paused: string[] }> {
  const { rows } = await sql<{ kind: string; paused: boolean }>`
    with asked as (
      select kind, exists (
        select 1 from queue_pauses p where p.kind = k.kind and (p.until_at is null or p.until_at > pgboss.job_now())) as paused
      from unnest(${kinds}::text[]) as k (kind)
    )
    select kind, paused from asked
    where paused or exists (
      select 1 from pgboss.job_common j
      where j.name = asked.kind and j.state < 'active' and not j.blocked and j.start_after <= pgboss.job_now())
  `.execute(db)
  const kindsThat = (paused: boolean) => rows.filter(row => row.paused === paused).map(row => row.kind)
  return { due: kindsThat(false), paused: kindsThat(true) }
}

export type LockedJob = { id: string; data: unknown; retryCount: number; now: Date }

/**
 * Due jobs of a kind in the order of pg-boss' own fetch, locked for this transaction and skipped by everybody else until
 * it ends. `retryCount` is what a claim would make it. Walks `job_i11`.
 */
export async function lockDueJobs(db: TxDb, kind: string, limit: number): Promise<LockedJob[]> {
  const { rows } = await sql<LockedJob>`
    select id, data, retry_count + (started_on is not null)::int as "retryCount", pgboss.job_now() as now
    from pgboss.job_common
    where name = ${kind} and state < 'active' and not blocked and start_after <= pgboss.job_now()
    order by priority desc, created_on
    limit ${limit}
    for update skip locked
  `.execute(db)
  return rows
}

/** Completes jobs that this transaction locked: one version of each row instead of a claim and a completion. */
export async function completeLockedJobs(
  db: TxDb,
  kind: string,
  ids: readonly string[],
  done: { workerId: string; now: Date },
): Promise<void> {
  await sql`
    update pgboss.job_common set
      state = 'completed', retry_count = retry_count + (started_on is not null)::int,
      started_on = ${done.now}, completed_on = pgboss.job_now() + (clock_timestamp() - now()), output = ${JSON.stringify({ worker: done.workerId })}::jsonb
    where name = ${kind} and id = any(${ids}::uuid[]) and state < 'active'
  `.execute(db)
}
