import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'
import { withinLimit } from '../../platform/within-limit.ts'
import type { MonitoringDeps } from './deps.ts'
import { judge, redisOf } from './judge.ts'
import { type Depth, readDepth } from './read-depth.ts'
import { readWorkers, type WorkerRow } from './read-workers.ts'

/** What the database says about the fleet. */
export type Signs = { workers: WorkerRow[]; depth: Depth[]; silentClaims: number; diedLately: number }

export type Health = {
  database: { state: 'up' | 'down'; latencyMs: number | null }
  redis: ReturnType<typeof redisOf>
  workers: WorkerRow[]
  queue: { totalQueued: number; totalProcessing: number; oldestJobAge: number | null } | null
  overall: 'healthy' | 'degraded' | 'unhealthy'
  reasons: string[]
  notes: string[]
  timestamp: Date
}

const DATABASE_LIMIT_MS = 3_000

/** The state of the whole fleet, from what every process wrote to Postgres. Never throws: a dead database is an answer. */
export async function readHealth(deps: MonitoringDeps): Promise<Health> {
  const redis = redisOf(deps.hot.state(), deps.config.REDIS_URL !== undefined)
  const timestamp = new Date()
  const began = performance.now()
  try {
    await withinLimit(sql`select 1`.execute(deps.db), DATABASE_LIMIT_MS)
    const latencyMs = Math.round((performance.now() - began) * 100) / 100
    const signs = await withinLimit(readSigns(deps.db), DATABASE_LIMIT_MS)
    return {
      database: { state: 'up', latencyMs },
      redis,
      workers: signs.workers,
      queue: queueOf(signs.depth),
      ...judge(signs, redis),
      timestamp,
    }
  } catch (error) {
    deps.log.warn({ err: error }, 'the health check did not get an answer of the database')
    const reasons = ['the database does not answer']
    const database = { state: 'down', latencyMs: null } as const
    return { database, redis, workers: [], queue: null, overall: 'unhealthy', reasons, notes: [], timestamp }
  }
}

async function readSigns(db: Db): Promise<Signs> {
  const [workers, depth, counts] = await Promise.all([readWorkers(db), readDepth(db), readCounts(db)])
  return { workers, depth, ...counts }
}

/** Walks `antre_job_active` and `dead_letters_last`. */
async function readCounts(db: Db): Promise<{ silentClaims: number; diedLately: number }> {
  const { rows } = await sql<{ silentClaims: number; diedLately: number }>`
    select (select count(*) from pgboss.job_common
            where state = 'active' and heartbeat_on + (heartbeat_seconds + 5) * interval '1 second' < pgboss.job_now()) as "silentClaims",
           (select count(*) from dead_letters
            where last_failed_at > pgboss.job_now() - interval '15 minutes' and redriven_at is null and discarded_at is null) as "diedLately"
  `.execute(db)
  return rows[0] ?? { silentClaims: 0, diedLately: 0 }
}

function queueOf(depth: readonly Depth[]): Health['queue'] {
  const ages = depth.flatMap(kind => (kind.oldestAgeMs === null ? [] : [kind.oldestAgeMs]))
  return {
    totalQueued: depth.reduce((sum, kind) => sum + kind.queued + kind.delayed + kind.retrying, 0),
    totalProcessing: depth.reduce((sum, kind) => sum + kind.processing, 0),
    oldestJobAge: ages.length === 0 ? null : Math.max(...ages),
  }
}
