import type { Redis } from 'ioredis'
import type { RedisLink } from './redis-link.ts'

/** Long enough to survive any lock; when it is gone the clock keeps the fence growing. */
const FENCE_TTL_MS = 24 * 3_600 * 1_000

const ACQUIRE = `
if redis.call('exists', KEYS[1]) == 1 then return '' end
local time = redis.call('time')
local ms = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('get', KEYS[2]) or nil) or 0
local fence = string.format('%.0f', math.max(last + 1, ms, tonumber(ARGV[3]) + 1))
redis.call('set', KEYS[1], ARGV[1] .. ':' .. fence, 'px', ARGV[2])
redis.call('set', KEYS[2], fence, 'px', ARGV[4])
return fence
`

/** ARGV: owner, then the new time to live, or 0 to release. */
const KEEP_OR_RELEASE = `
local held = redis.call('get', KEYS[1])
if not held or string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then return 0 end
if ARGV[2] == '0' then redis.call('del', KEYS[1]) else redis.call('pexpire', KEYS[1], ARGV[2]) end
return 1
`

type ScriptClient = Redis & {
  antreLockAcquire(lockKey: string, fenceKey: string, ...args: (string | number)[]): Promise<string>
  antreLockKeep(lockKey: string, owner: string, ttlMs: number): Promise<number>
}

function scriptClient(redis: Redis): ScriptClient {
  if (!('antreLockAcquire' in redis)) {
    redis.defineCommand('antreLockAcquire', { numberOfKeys: 2, lua: ACQUIRE })
    redis.defineCommand('antreLockKeep', { numberOfKeys: 1, lua: KEEP_OR_RELEASE })
  }
  return redis as ScriptClient
}

const lockKey = (name: string): string => `lock:${name}`
const fenceKey = (name: string): string => `fence:${name}`

export type RedisLocks = {
  /** The fence, null when somebody holds the lock, undefined when Redis is away. */
  acquire(name: string, owner: string, ttlMs: number, floor: number): Promise<number | null | undefined>
  extend(name: string, owner: string, ttlMs: number): Promise<boolean>
  release(name: string, owner: string): Promise<boolean>
}

/** Locks as strings `owner:fence` that expire by themselves. Without an answer nobody may say that it still holds. */
export function redisLocks(link: RedisLink): RedisLocks {
  const keep = async (name: string, owner: string, ttlMs: number) => {
    const answer = await link.run(redis => scriptClient(redis).antreLockKeep(lockKey(name), owner, ttlMs))
    return answer?.value === 1
  }
  return {
    acquire: async (name, owner, ttlMs, floor) => {
      const answer = await link.run(redis =>
        scriptClient(redis).antreLockAcquire(lockKey(name), fenceKey(name), owner, ttlMs, floor, FENCE_TTL_MS),
      )
      if (answer === undefined) return undefined
      return answer.value === '' ? null : Number(answer.value)
    },
    extend: keep,
    release: (name, owner) => keep(name, owner, 0),
  }
}
