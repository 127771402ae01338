import { randomUUID } from 'node:crypto'
import type { RedisLocks } from './redis-locks.ts'

/** A store that always answers or throws, as Postgres does. */
export type LockStore = {
  /** The fence, above `floor`; null when somebody holds the lock. */
  acquire(name: string, owner: string, ttlMs: number, floor: number): Promise<number | null>
  /** False when `owner` does not hold it any more. */
  extend(name: string, owner: string, ttlMs: number): Promise<boolean>
  release(name: string, owner: string): Promise<boolean>
}

export type Lock = Readonly<{
  /** Token of this one acquisition. */
  owner: string
  /** Above that of every earlier holder of the name. */
  fence: number
  /** False when it was no longer ours: expired, or taken by another since. */
  release(): Promise<boolean>
  /** Sets the time to live anew. False means: stop, the lock may be another's. */
  extend(ttlSeconds: number): Promise<boolean>
}>

export type Locks = {
  /** Null when somebody else holds it; never waits for it. @throws database errors, when only Postgres could say */
  acquireLock(name: string, ttlSeconds: number): Promise<Lock | null>
  /** Runs `fn` under the lock and releases it; null, without running it, when somebody else holds the lock. */
  withLock<T>(name: string, ttlSeconds: number, fn: (lock: Lock) => Promise<T>): Promise<T | null>
}

const toMs = (seconds: number): number => Math.max(1, Math.ceil(seconds * 1_000))

/**
 * Locks save work; what must not happen twice is guarded by Postgres. A lock lives in Redis while Redis answers and in
 * `lock_leases` otherwise, so around an outage two may hold the same name for one time to live.
 *
 * Fences grow per name in both: each is above the stored one and at least the store's clock in milliseconds, so a Redis
 * that lost its memory goes on above where it was. As the clocks of the two stores may differ, every acquisition is also
 * above all that this process has seen; between processes the clocks' difference remains in the moment of a switch.
 */
export function createLocks(redis: RedisLocks | undefined, postgres: LockStore): Locks {
  let highest = 0

  const toLock = (store: Omit<LockStore, 'acquire'>, name: string, owner: string, fence: number): Lock => {
    highest = Math.max(highest, fence)
    return {
      owner,
      fence,
      release: () => store.release(name, owner),
      extend: ttlSeconds => store.extend(name, owner, toMs(ttlSeconds)),
    }
  }
  const acquireLock: Locks['acquireLock'] = async (name, ttlSeconds) => {
    const owner = randomUUID()
    const ttlMs = toMs(ttlSeconds)
    const inRedis = await redis?.acquire(name, owner, ttlMs, highest)
    if (redis && inRedis !== undefined) return inRedis === null ? null : toLock(redis, name, owner, inRedis)
    const fence = await postgres.acquire(name, owner, ttlMs, highest)
    return fence === null ? null : toLock(postgres, name, owner, fence)
  }
  return {
    acquireLock,
    withLock: async (name, ttlSeconds, fn) => {
      const lock = await acquireLock(name, ttlSeconds)
      if (lock === null) return null
      try {
        return await fn(lock)
      } finally {
        // A lock that could not be released expires; what `fn` did or threw is what counts.
        await lock.release().catch(() => false)
      }
    },
  }
}
