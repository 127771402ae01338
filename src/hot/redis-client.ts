import { Redis } from 'ioredis'
import type { Log } from '../platform/log.ts'

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 1_000
const CONNECT_LIMIT_MS = 2_000
/** A connection that owes an answer this long is dead, whatever TCP says. */
const SILENCE_LIMIT_MS = 5_000

/**
 * A connection that reconnects by itself, at most a second apart. A command that cannot be sent now, or whose
 * connection breaks, fails at once and is never sent again: callers have Postgres.
 */
export function createRedisClient(url: string, name: string, log: Log): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: CONNECT_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    retryStrategy: attempts => Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), LONGEST_DELAY_MS),
  })
  // Without a listener ioredis would print; whether Redis answers is the breaker's to tell.
  redis.on('error', error => log.debug({ err: error, connection: name }, 'Redis connection error'))
  return redis
}

/** Ends the connection now, also when the server hangs. */
export function endRedisClient(redis: Redis): void {
  redis.disconnect()
  redis.stream?.destroy()
}
