import type pg from 'pg'
import type { Log } from '../platform/log.ts'
import type { Db } from '../platform/tx.ts'
import { createAnnouncer } from './announce.ts'
import type { BreakerState } from './breaker.ts'
import { leaseLocks } from './lease-locks.ts'
import { createLocks, type Locks } from './locks.ts'
import { createMissedWrites } from './missed-writes.ts'
import { openRedisLink } from './redis-link.ts'
import { redisLocks } from './redis-locks.ts'
import { replayMissed, type Statuses, statusesInPostgres, statusesInRedis } from './statuses.ts'
import { createUpdates, type Updates } from './updates.ts'

type HotState = BreakerState & {
  /** What serves now: `postgres` without a Redis, and while the breaker is not closed. */
  mode: 'redis' | 'postgres'
}

export type Hot = Statuses &
  Locks & {
    subscribe: Updates['subscribe']
    state(): HotState
    close(): Promise<void>
  }

export type HotOptions = {
  redisUrl?: string | undefined
  /** For LISTEN, which needs a connection of its own: not through a pooler in transaction mode. */
  databaseUrl: string
  db: Db
  pool: pg.Pool
  log: Log
}

/**
 * Live statuses, locks and live updates: in Redis while it answers, else by Postgres. No Redis error ever reaches a
 * caller; a Redis that is dead at the start delays it by a second at most.
 */
export async function createHot(options: HotOptions): Promise<Hot> {
  const { redisUrl, databaseUrl, db, pool, log } = options
  const announcer = createAnnouncer(pool, log)
  const updates = createUpdates({ redisUrl, databaseUrl, log })
  const { subscribe } = updates
  if (!redisUrl) {
    const since = new Date()
    return {
      ...statusesInPostgres(announcer),
      ...createLocks(undefined, leaseLocks(db)),
      subscribe,
      state: () => ({ mode: 'postgres', breaker: 'closed', since, lastError: undefined }),
      close: updates.close,
    }
  }
  const missed = createMissedWrites()
  const link = await openRedisLink({ url: redisUrl, log, onTick: redis => replayMissed(redis, missed) })
  return {
    ...statusesInRedis(link, missed, announcer),
    ...createLocks(redisLocks(link), leaseLocks(db)),
    subscribe,
    state: () => {
      const state = link.state()
      return { mode: state.breaker === 'closed' ? 'redis' : 'postgres', ...state }
    },
    close: async () => {
      link.close()
      await updates.close()
    },
  }
}
