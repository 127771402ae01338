import type { Redis } from 'ioredis'
import { withinLimit } from '../platform/within-limit.ts'
import type { Announcer } from './announce.ts'
import type { HotStatus, StoredStatus } from './hot-status.ts'
import type { MissedWrites } from './missed-writes.ts'
import type { RedisLink } from './redis-link.ts'
import { callWriteStatus, portions, readHash } from './status-script.ts'

const REPLAY_LIMIT_MS = 1_000

export type Statuses = {
  writeStatuses(entries: readonly HotStatus[]): Promise<void>
  readStatus(orderId: string): Promise<StoredStatus | null>
  refill(entry: HotStatus): Promise<void>
}

/** Statuses without a Redis: a write only tells the watchers, and every read is a miss. */
export const statusesInPostgres = (announcer: Announcer): Statuses => ({
  writeStatuses: entries => announcer.announce(entries),
  readStatus: async () => null,
  refill: async () => undefined,
})

/** Statuses in Redis; what Redis does not take is announced through Postgres and kept until Redis is back. */
export const statusesInRedis = (link: RedisLink, missed: MissedWrites, announcer: Announcer): Statuses => ({
  writeStatuses: async entries => {
    const done = await Promise.all(
      portions(entries).map(async portion => {
        const taken = await link.run(redis => callWriteStatus(redis, 'write', portion))
        return taken === undefined ? portion : []
      }),
    )
    const failed = done.flat()
    if (failed.length === 0) return
    missed.keep(failed)
    await announcer.announce(failed)
  },
  readStatus: async orderId => (await link.run(redis => readHash(redis, orderId)))?.value ?? null,
  refill: async entry => {
    await link.run(redis => callWriteStatus(redis, 'refill', [entry]))
  },
})

/** Brings Redis up to date with what it missed. @throws when Redis fails again; nothing is lost then */
export async function replayMissed(redis: Redis, missed: MissedWrites): Promise<void> {
  // Until nothing is left: more may be missed while this runs, as the breaker is still open.
  while (missed.size() > 0) {
    const entries = missed.take()
    try {
      for (const portion of portions(entries)) {
        await withinLimit(callWriteStatus(redis, 'write', portion), REPLAY_LIMIT_MS)
      }
    } catch (error) {
      missed.keep(entries)
      throw error
    }
  }
}
