import { sql } from 'kysely'
import type { CommandResponse } from 'pg-boss'
import type { Db, TxDb } from '../platform/tx.ts'

/**
 * The few statements on pg-boss' own table for which its API has no call for a set of jobs. pg-boss is pinned exactly;
 * an upgrade reads this file first.
 */

/** The jobs that a settling call of pg-boss matched. Its answers carry them, only its types do not say so. */
export const settledIds = (response: CommandResponse): string[] => (response as { settled?: string[] }).settled ?? []

/**
 * Inserts waiting jobs with the settings of their queue, as `boss.insert` does, at about half its price: 6.8 µs a job
 * against 11.9 µs (sets of 500, one run), because it need not consider every option of pg-boss for every row.
 * @throws Error when the queue does not exist: an order must not commit without its jobs
 */
export async function insertWaitingJobs(
  db: TxDb,
  kind: string,
  jobs: { ids: readonly string[]; payloads: readonly string[] },
  options: { priority: number; startAt: Date },
): Promise<void> {
  const { numAffectedRows } = await sql`
    insert into pgboss.job_common (id, name, data, priority, start_after, created_on, expire_seconds, deletion_seconds,
      keep_until, retry_limit, retry_delay, retry_backoff, policy, dead_letter, heartbeat_seconds)
    select job.id, queue.name, job.data, ${options.priority}::int, ${options.startAt}::timestamptz, pgboss.job_now(),
           queue.expire_seconds, queue.deletion_seconds, ${options.startAt}::timestamptz + queue.retention_seconds * interval '1 second',
           queue.retry_limit, queue.retry_delay, queue.retry_backoff, queue.policy, queue.dead_letter, queue.heartbeat_seconds
    from pgboss.queue, unnest(${jobs.ids}::uuid[], ${jobs.payloads}::jsonb[]) as job (id, data)
    where queue.name = ${kind}
  `.execute(db)
  if (numAffectedRows !== BigInt(jobs.ids.length))
    throw new Error(`the queue ${kind} does not exist: run the migration`)
}

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

/**
 * Claims whose worker went silent or that outlived their timeout by `graceSeconds`, locked; walks `antre_job_active`. A
 * row that somebody else holds is being settled just now, or stays for a later look: it must not stop the supervisor.
 */
export async function findStaleClaims(db: TxDb, now: Date, graceSeconds: number, limit: number): Promise<StaleClaim[]> {
  const { rows } = await sql<StaleClaim>`
    select id, name as kind, data, retry_count as "retryCount", retry_limit - retry_count as "retriesLeft", started_on as "startedAt",
           heartbeat_on + heartbeat_seconds * interval '1 second' < ${now} as lost
    from pgboss.job_common
    where state = 'active'
      and (heartbeat_on + heartbeat_seconds * interval '1 second' < ${now}
        or started_on + (expire_seconds + ${graceSeconds}) * interval '1 second' < ${now})
    limit ${limit}
    for update skip locked
  `.execute(db)
  return rows
}

/** The database's time, for a transaction that Postgres itself ends when a statement or a pause in it gets this long. */
export async function beginLimited(db: TxDb, limitMs: number): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select pgboss.job_now() as now, ${limits(limitMs)}`.execute(db)
  return rows[0]?.now ?? new Date()
}

/**
 * A handler that hangs must not keep its row locks, its connection and the oldest snapshot for ever: giving up on it in
 * this process does not end its transaction.
 */
const limits = (ms: number) => sql`set_config('statement_timeout', ${String(ms)}, true) as statement_limit,
  set_config('idle_in_transaction_session_timeout', ${String(ms)}, true) as pause_limit`

/** Which of these kinds have a due job; walks one index entry per kind (`job_i11`), dead ones of a busy kind besides. */
export async function findDueKinds(db: Db, kinds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    select kind from unnest(${kinds}::text[]) as asked (kind)
    where exists (
      select 1 from pgboss.job_common j
      where j.name = asked.kind and j.state < 'active' and not j.blocked and j.start_after <= pgboss.job_now())
  `.execute(db)
  return rows.map(row => row.kind)
}

/** The kinds that somebody paused, for ever or until a moment that has not come. */
export async function findPausedKinds(db: Db): Promise<Set<string>> {
  const { rows } = await sql<{ kind: string }>`
    select kind from queue_pauses where until_at is null or until_at > pgboss.job_now()
  `.execute(db)
  return new Set(rows.map(row => row.kind))
}

export type LockedJob = { id: string; data: unknown; retryCount: number; now: Date }

/**
 * Due jobs of a kind in the order of pg-boss' own fetch, locked for this transaction and skipped by everybody else until
 * it ends. `retryCount` is what a claim would make it. Walks `job_i11`. The same statement tells the time and sets the
 * limits of `beginLimited`: one round trip less before the handler begins.
 */
export async function lockDueJobs(db: TxDb, kind: string, limit: number, limitMs: number): Promise<LockedJob[]> {
  const { rows } = await sql<LockedJob>`
    select id, data, retry_count + (started_on is not null)::int as "retryCount", pgboss.job_now() as now
    from (select ${limits(limitMs)}) as limited, pgboss.job_common
    where name = ${kind} and state < 'active' and not blocked and start_after <= pgboss.job_now()
    order by priority desc, created_on
    limit ${limit}
    for update of job_common skip locked
  `.execute(db)
  return rows
}

/** Completes jobs that this transaction locked: one version of each row instead of a claim and a completion. */
export async function completeLockedJobs(
  db: TxDb,
  kind: string,
  ids: readonly string[],
  done: { workerId: string; now: Date; ranMs: number },
): Promise<void> {
  await sql`
    update pgboss.job_common set
      state = 'completed', retry_count = retry_count + (started_on is not null)::int,
      started_on = ${done.now}, completed_on = ${done.now}::timestamptz + ${done.ranMs} * interval '1 millisecond', output = ${JSON.stringify({ worker: done.workerId })}::jsonb
    where name = ${kind} and id = any(${ids}::uuid[]) and state < 'active'
  `.execute(db)
}
