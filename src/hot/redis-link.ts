import { type Redis, ReplyError } from 'ioredis'
import type { Log } from '../platform/log.ts'
import { withinLimit } from '../platform/within-limit.ts'
import { type BreakerState, createBreaker } from './breaker.ts'
import { createRedisClient, endRedisClient } from './redis-client.ts'

const COMMAND_LIMIT_MS = 150
const FAILURES_TO_OPEN = 3
const TICK_MS = 1_000
const START_LIMIT_MS = 1_000
const PROBE_KEY = 'system:hot-probe'

export type RedisLink = {
  /** The answer, or undefined when Redis is away or failed. Never throws; while the breaker is open it does not wait. */
  run<T>(use: (redis: Redis) => Promise<T>): Promise<{ value: T } | undefined>
  state(): BreakerState
  close(): void
}

/**
 * Connects and returns after at most a second, with an open breaker when Redis is not there. `onTick` runs each second
 * while Redis answers, and before the breaker closes again: a throw keeps it open.
 */
export async function openRedisLink(options: {
  url: string
  log: Log
  onTick: (redis: Redis) => Promise<void>
}): Promise<RedisLink> {
  const { log } = options
  const redis = createRedisClient(options.url, 'antre-hot', log)
  const breaker = createBreaker({ failuresToOpen: FAILURES_TO_OPEN, onChange: state => logChange(log, state) })
  let closed = false
  let ticking = false

  const tick = async () => {
    if (ticking || closed) return
    ticking = true
    breaker.halfOpen()
    try {
      // A write: a server that only refuses writes (full, or a replica now) is no use either.
      if (!breaker.isClosed()) await withinLimit(redis.set(PROBE_KEY, '1', 'PX', 5 * TICK_MS), COMMAND_LIMIT_MS)
      await options.onTick(redis)
      if (redis.status === 'ready') breaker.close()
    } catch (error) {
      breaker.failed(error)
      if (!breaker.isClosed()) breaker.trip(error)
    } finally {
      ticking = false
    }
  }
  redis.on('ready', () => void tick())
  redis.on('close', () => {
    if (!closed) breaker.trip(new Error('the connection to Redis was lost'))
  })
  await withinLimit(redis.connect(), START_LIMIT_MS).catch(error => breaker.trip(error))
  const timer = setInterval(() => void tick(), TICK_MS).unref()

  return {
    run: async use => {
      if (!breaker.isClosed()) return undefined
      try {
        const value = await withinLimit(use(redis), COMMAND_LIMIT_MS)
        breaker.succeeded()
        return { value }
      } catch (error) {
        log.debug({ err: error }, 'a Redis command failed; Postgres serves instead')
        if (isSick(error)) breaker.failed(error)
        return undefined
      }
    },
    state: breaker.state,
    close: () => {
      closed = true
      clearInterval(timer)
      endRedisClient(redis)
    },
  }
}

const SICK = /^(LOADING|READONLY|OOM|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/

/** An answer such as WRONGTYPE comes at once from a server that is well: it fails one call and says nothing of the next. */
function isSick(error: unknown): boolean {
  if (error instanceof ReplyError && error instanceof Error) return SICK.test(error.message)
  return true
}

function logChange(log: Log, state: BreakerState): void {
  if (state.breaker === 'closed') log.info('Redis answers again')
  else log.warn({ reason: state.lastError }, 'Redis does not answer; Postgres serves instead')
}
