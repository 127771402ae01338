import type { MonitoringDeps } from './deps.ts'
import type { Signs } from './read-health.ts'

type Redis = {
  state: 'up' | 'down' | 'none'
  breaker: string
  since: Date
  lastError: string | null
  note: string | null
}

/** Redis as this process sees it. Without one everything works from Postgres, so its absence is a note and no fault. */
export function redisOf(hot: ReturnType<MonitoringDeps['hot']['state']>, configured: boolean): Redis {
  const { breaker, since } = hot
  const lastError = hot.lastError ?? null
  if (!configured)
    return { state: 'none', breaker, since, lastError, note: 'no Redis is configured: Postgres serves what is hot' }
  const down = 'Redis does not answer: Postgres serves what is hot'
  return breaker === 'closed'
    ? { state: 'up', breaker, since, lastError, note: null }
    : { state: 'down', breaker, since, lastError, note: down }
}

/** A due job of a kind that is worked should start within seconds; a minute means that the fleet does not keep up. */
const LATE_MS = 60_000

type Verdict = { overall: 'healthy' | 'degraded' | 'unhealthy'; reasons: string[]; notes: string[] }

/** Unhealthy: no work is done at all. Degraded: something is late, failing or away. Notes explain and are no faults. */
export function judge(signs: Signs, redis: Redis): Verdict {
  const notes = notesOf(signs, redis)
  const alive = signs.workers.filter(worker => worker.state === 'alive')
  if (alive.length === 0)
    return { overall: 'unhealthy', reasons: ['no worker is alive', ...faultsOf(signs, redis)], notes }
  const reasons = [...faultsOf(signs, redis), ...latenessOf(signs, new Set(alive.flatMap(worker => worker.kinds)))]
  return { overall: reasons.length === 0 ? 'healthy' : 'degraded', reasons, notes }
}

function faultsOf(signs: Signs, redis: Redis): string[] {
  const gone = signs.workers.filter(worker => worker.state === 'gone')
  return [
    ...gone.map(({ host, pid, silentSeconds }) => `worker ${pid} on ${host} has been silent for ${silentSeconds} s`),
    ...(signs.silentClaims > 0 ? [`${signs.silentClaims} running jobs have a silent worker`] : []),
    ...(signs.diedLately > 0 ? [`${signs.diedLately} jobs died within 15 minutes and wait in the dead letters`] : []),
    ...(redis.state === 'down' && redis.note ? [redis.note] : []),
  ]
}

function latenessOf({ depth }: Signs, worked: ReadonlySet<string>): string[] {
  return depth.flatMap(({ kind, oldestAgeMs, pause }) => {
    if (pause !== null || oldestAgeMs === null) return []
    if (!worked.has(kind)) return [`${kind}: jobs are due and no living worker works this kind`]
    return oldestAgeMs > LATE_MS ? [`${kind}: the oldest due job has waited ${Math.round(oldestAgeMs / 1000)} s`] : []
  })
}

function notesOf({ depth }: Signs, redis: Redis): string[] {
  const paused = depth.flatMap(({ kind, pause }) =>
    pause === null ? [] : [`${kind} is paused by ${pause.pausedBy}: ${pause.reason}`],
  )
  return [...(redis.state === 'none' && redis.note ? [redis.note] : []), ...paused]
}
