import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { isAlive } from './lock-file.ts'
import { findRedisServer, startRedis } from './redis.ts'

describe('the embedded Redis', () => {
  let dir: string
  const path = process.env.PATH

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'antre-redis-test-'))
  })

  afterEach(async () => {
    process.env.PATH = path
    await rm(dir, { recursive: true, force: true })
  })

  it('answers null when no server is on PATH', async () => {
    process.env.PATH = dir
    expect(await findRedisServer()).toBeUndefined()
    expect(await startRedis({ dir })).toBeNull()
  })

  it('comes back empty on the same address after a restart, and ends with stop', async () => {
    const redis = await startRedis({ dir })
    // A machine without a server has nothing to prove here but that we noticed it.
    if (!redis) return expect(await findRedisServer()).toBeUndefined()
    expect(await onRedis(redis.url, client => client.set('kept', 'yes'))).toBe('OK')
    const before = redis.pid
    await redis.restart()
    expect(redis.pid).not.toBe(before)
    expect(isAlive(before)).toBe(false)
    expect(await onRedis(redis.url, client => client.get('kept'))).toBeNull()
    await redis.stop()
    expect(isAlive(redis.pid)).toBe(false)
  })
})

async function onRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}
