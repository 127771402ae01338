import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'
import { singleFlight } from './single-flight.ts'

export type KindCounts = {
  kind: string
  queued: number
  delayed: number
  retrying: number
  processing: number
  completed: number
  cancelled: number
  failed: number
  dead: number
}

type OldestJob = { id: string; createdAt: Date; retryCount: number }

export type Stats = {
  queue: {
    totalQueued: number
    totalProcessing: number
    totalFailed: number
    totalCompleted: number
    avgProcessingTime: number | null
    oldestJob?: OldestJob
  }
  byKind: KindCounts[]
  timestamp: Date
}

const KEEP_MS = 1_000

/**
 * How many jobs are in which state, counted in one snapshot over every job that is kept (finished ones 7 days). Shared by
 * all callers of a process for a second, and longer when the count itself takes long.
 */
export const readStats: (db: Db) => Promise<Stats> = singleFlight(KEEP_MS, countJobs)

async function countJobs(db: Db): Promise<Stats> {
  const [byKind, rest] = await Promise.all([countByKind(db), readRest(db)])
  const total = (count: (kind: KindCounts) => number) => byKind.reduce((sum, kind) => sum + count(kind), 0)
  return {
    queue: {
      totalQueued: total(kind => kind.queued + kind.delayed + kind.retrying),
      totalProcessing: total(kind => kind.processing),
      totalFailed: total(kind => kind.failed),
      totalCompleted: total(kind => kind.completed),
      avgProcessingTime: rest.avgProcessingTime,
      ...(rest.id === null
        ? {}
        : { oldestJob: { id: rest.id, createdAt: rest.createdAt, retryCount: rest.retryCount } }),
    },
    byKind,
    timestamp: rest.now,
  }
}

async function countByKind(db: Db): Promise<KindCounts[]> {
  const { rows } = await sql<KindCounts>`
    select q.name as kind, coalesce(c.queued, 0) as queued, coalesce(c.delayed, 0) as delayed, coalesce(c.retrying, 0) as retrying,
           coalesce(c.processing, 0) as processing, coalesce(c.completed, 0) as completed, coalesce(c.cancelled, 0) as cancelled,
           coalesce(c.failed, 0) as failed, coalesce(d.dead, 0) as dead
    from pgboss.queue q
    left join (
      select name,
             count(*) filter (where state = 'created' and start_after <= pgboss.job_now()) as queued,
             count(*) filter (where state = 'created' and start_after > pgboss.job_now()) as delayed,
             count(*) filter (where state = 'retry') as retrying,
             count(*) filter (where state = 'active') as processing,
             count(*) filter (where state = 'completed') as completed,
             count(*) filter (where state = 'cancelled') as cancelled,
             count(*) filter (where state = 'failed') as failed
      from pgboss.job_common group by name) c on c.name = q.name
    left join (
      select kind, count(*) as dead from dead_letters
      where redriven_at is null and discarded_at is null group by kind) d on d.kind = q.name
    order by q.name
  `.execute(db)
  return rows
}

type Rest = { now: Date; avgProcessingTime: number | null } & (OldestJob | { id: null })

/** The oldest due job walks the index of waiting jobs; the average covers the last hour. */
async function readRest(db: Db): Promise<Rest> {
  const { rows } = await sql<Rest>`
    select pgboss.job_now() as now, m.avg::float8 as "avgProcessingTime", j.id, j.created_on as "createdAt", j.retry_count as "retryCount"
    from (
      select round(sum(run_ms_total)::numeric / nullif(sum(completed), 0), 2) as avg
      from job_minutes where minute > pgboss.job_now() - interval '1 hour') m
    left join lateral (
      select id, created_on, retry_count from pgboss.job_common
      where state < 'active' and not blocked and start_after <= pgboss.job_now() order by created_on limit 1) j on true
  `.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('a statement that always answers one row answered none')
  return row
}
