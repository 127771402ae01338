import { pino } from 'pino'
import { newId } from '../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { createHot, type Hot, type Lock } from './index.ts'

const log = pino({ level: 'silent' })
const redisUrl = process.env.TEST_REDIS_URL
const modes = [
  { mode: 'in Postgres', url: undefined, run: describe },
  {
    mode: `in Redis (${redisUrl ?? 'no server here: skipped'})`,
    url: redisUrl,
    run: redisUrl ? describe : describe.skip,
  },
]

for (const { mode, url, run } of modes) {
  run(`locks ${mode}`, () => {
    let database: TestDatabase
    let hot: Hot
    let other: Hot
    let name: string

    beforeAll(async () => {
      database = await testDatabase()
      const open = () =>
        createHot({ redisUrl: url, databaseUrl: database.url, db: database.db, pool: database.pool, log })
      hot = await open()
      other = await open()
    })

    beforeEach(() => {
      name = `test:${newId()}`
    })

    /** By the other process, as soon as the one who has it loses it. */
    async function acquireWhenFree(wanted: string): Promise<Lock> {
      const end = performance.now() + 15_000
      while (performance.now() < end) {
        const lock = await other.acquireLock(wanted, 30)
        if (lock !== null) return lock
      }
      throw new Error('the lock did not run out')
    }

    afterAll(async () => {
      await hot.close()
      await other.close()
      await database.close()
    })

    it('goes to one at a time, and to the next after the release', async () => {
      const lock = await hot.acquireLock(name, 30)
      expect(lock).not.toBeNull()
      expect(await other.acquireLock(name, 30)).toBeNull()
      expect(await hot.acquireLock(name, 30)).toBeNull()
      expect(await lock?.release()).toBe(true)
      const next = await other.acquireLock(name, 30)
      expect(next?.owner).not.toBe(lock?.owner)
      expect(next?.fence).toBeGreaterThan(lock?.fence ?? 0)
    })

    it('goes to exactly one of twenty who ask at once', async () => {
      const locks = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? hot : other).acquireLock(name, 30)),
      )
      expect(locks.filter(lock => lock !== null)).toHaveLength(1)
    })

    it('is taken over when it has run out, with a higher fence, and then is nobody else’s to release or extend', async () => {
      const lost = await hot.acquireLock(name, 0.2)
      const taken = await acquireWhenFree(name)
      expect(taken.fence).toBeGreaterThan(lost?.fence ?? Number.POSITIVE_INFINITY)
      expect(await lost?.extend(30)).toBe(false)
      expect(await lost?.release()).toBe(false)
      expect(await hot.acquireLock(name, 30)).toBeNull()
      expect(await taken.release()).toBe(true)
      expect(await taken.release()).toBe(false)
    })

    it('stays held as long as its owner extends it', async () => {
      const lock = await hot.acquireLock(name, 0.3)
      const yardstick = `${name}:yardstick`
      await hot.acquireLock(yardstick, 0.3)
      expect(await lock?.extend(60)).toBe(true)
      await acquireWhenFree(yardstick)
      expect(await other.acquireLock(name, 30)).toBeNull()
    })

    it('gives fences that only grow, also within one millisecond', async () => {
      const fences: number[] = []
      for (let i = 0; i < 50; i++) {
        const lock = await (i % 2 === 0 ? hot : other).acquireLock(name, 30)
        fences.push(lock?.fence ?? 0)
        await lock?.release()
      }
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
    })

    it('runs work under the lock, releases it even when the work throws, and runs nothing without it', async () => {
      await expect(
        hot.withLock(name, 30, async () => {
          expect(await other.withLock(name, 30, async () => 'not here')).toBeNull()
          throw new Error('the work failed')
        }),
      ).rejects.toThrow('the work failed')
      expect(await other.withLock(name, 30, async lock => lock.fence > 0)).toBe(true)
    })
  })
}
