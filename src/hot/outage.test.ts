import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { type EmbeddedRedis, freePort, startRedis } from '../embedded/index.ts'
import { newId } from '../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { until } from '../testing/until.ts'
import { createHot, type Hot } from './index.ts'

const log = pino({ level: 'silent' })
const withRedis = process.env.TEST_REDIS_URL ? describe : describe.skip

const entryOf = (orderId: string, version: number) => ({
  orderId,
  flow: 'jastip',
  status: `status_${version}`,
  version,
  closed: false,
  ownerId: null,
  customerRef: null,
  updatedAt: new Date(),
})

withRedis('when Redis fails (a server of the test’s own; skipped where none is installed)', () => {
  let database: TestDatabase
  let dir: string
  let redis: EmbeddedRedis
  let hot: Hot

  const open = (redisUrl: string) =>
    createHot({ redisUrl, databaseUrl: database.url, db: database.db, pool: database.pool, log })
  const mode = (wanted: string) => until(() => hot.state().mode === wanted)

  beforeAll(async () => {
    database = await testDatabase()
  })

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'antre-hot-'))
    const started = await startRedis({ dir, guard: { delaySeconds: 0 } })
    if (!started) throw new Error('redis-server disappeared')
    redis = started
    hot = await open(redis.url)
  })

  afterEach(async () => {
    await hot.close()
    await redis.stop()
    await rm(dir, { recursive: true, force: true })
  })

  afterAll(() => database.close())

  it('starts without it, serves everything from Postgres, and takes it into use when it appears', async () => {
    await hot.close()
    const port = await freePort()
    hot = await open(`redis://127.0.0.1:${port}`)
    expect(hot.state()).toMatchObject({ mode: 'postgres', breaker: expect.stringMatching(/open/) })
    expect(hot.state().lastError).toBeTruthy()
    const orderId = newId()
    await hot.writeStatuses([entryOf(orderId, 1)])
    expect(await hot.readStatus(orderId)).toBeNull()
    expect(await hot.acquireLock(`test:${orderId}`, 30)).not.toBeNull()

    const late = await startRedis({ dir, port, guard: { delaySeconds: 0 } })
    await mode('redis')
    expect(hot.state().breaker).toBe('closed')
    expect(await hot.readStatus(orderId)).toMatchObject({ version: 1 })
    await hot.close()
    await late?.stop()
  })

  it('opens the breaker when it hangs, then waits no more, and catches up on what it missed', async () => {
    const orderId = newId()
    await hot.writeStatuses([entryOf(orderId, 1)])
    process.kill(redis.pid, 'SIGSTOP')
    try {
      // One failure alone does not open it, and is answered all the same.
      expect(await hot.readStatus(orderId)).toBeNull()
      expect(hot.state().mode).toBe('redis')
      await hot.writeStatuses([entryOf(orderId, 2)])
      await hot.readStatus(orderId)
      expect(hot.state()).toMatchObject({ mode: 'postgres', lastError: expect.stringContaining('no answer within') })

      const begin = performance.now()
      for (let i = 0; i < 500; i++) await hot.readStatus(orderId)
      // Waiting for each would take 75 s.
      expect(performance.now() - begin).toBeLessThan(5_000)
      await hot.writeStatuses([entryOf(orderId, 3)])
    } finally {
      process.kill(redis.pid, 'SIGCONT')
    }
    await mode('redis')
    expect(await hot.readStatus(orderId)).toMatchObject({ version: 3, status: 'status_3' })
  })

  it('tells watchers in another process before, during and after the outage', async () => {
    const watching = await open(redis.url)
    const orderId = newId()
    let highest = 0
    let looks = 0
    watching.subscribe(orderId, version => {
      looks += 1
      highest = Math.max(highest, version ?? 0)
    })
    let version = 0
    const writeUntilHeard = async () => {
      version += 1
      await hot.writeStatuses([entryOf(orderId, version)])
      const wanted = version
      await until(() => highest >= wanted)
    }
    try {
      await until(() => looks > 1)
      await writeUntilHeard()
      await redis.stop()
      for (let i = 0; i < 5; i++) await writeUntilHeard()
      await mode('postgres')
      await writeUntilHeard()
      looks = 0
      await redis.restart()
      await mode('redis')
      // Its own subscription is back when it is told to look.
      await until(() => looks > 0)
      await writeUntilHeard()
      expect(await hot.readStatus(orderId)).toMatchObject({ version })
    } finally {
      await watching.close()
    }
  })

  it('gives fences that grow through Redis, a flush, an outage in Postgres and an empty Redis again', async () => {
    const name = `test:${newId()}`
    const fences: number[] = []
    const pass = async () => {
      const lock = await hot.acquireLock(name, 30)
      fences.push(lock?.fence ?? 0)
      expect(await lock?.release()).toBe(true)
    }
    await pass()
    await pass()
    const client = new Redis(redis.url)
    await client.flushall()
    client.disconnect()
    await pass()
    await redis.stop()
    await mode('postgres')
    await pass()
    await pass()
    await redis.restart()
    await mode('redis')
    await pass()
    expect(fences).toHaveLength(6)
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
  })

  it('never says that a lock still holds when Redis cannot confirm it', async () => {
    const lock = await hot.acquireLock(`test:${newId()}`, 30)
    await redis.stop()
    expect(await lock?.extend(30)).toBe(false)
    expect(await lock?.release()).toBe(false)
  })

  it('serves from Postgres while Redis is full, and from Redis when there is room again', async () => {
    const client = new Redis(redis.url)
    await client.config('SET', 'maxmemory', '1')
    const orderId = newId()
    for (let version = 1; version <= 3; version++) await hot.writeStatuses([entryOf(orderId, version)])
    await mode('postgres')
    await client.config('SET', 'maxmemory', '0')
    client.disconnect()
    await mode('redis')
    expect(await hot.readStatus(orderId)).toMatchObject({ version: 3 })
  })

  it('lets no error through while it is killed and restarted under load', async () => {
    const orderIds = Array.from({ length: 20 }, () => newId())
    let stopped = false
    let calls = 0
    const load = orderIds.map(async orderId => {
      for (let version = 1; !stopped; version++) {
        await hot.writeStatuses([entryOf(orderId, version)])
        await hot.readStatus(orderId)
        await hot.withLock(`test:${orderId}`, 5, async () => undefined)
        calls += 1
      }
    })
    const outages = (async () => {
      for (let i = 0; i < 3; i++) {
        const before = calls
        await redis.restart()
        await mode('redis')
        await until(() => calls > before + 20)
      }
      stopped = true
    })()
    await Promise.all([outages, ...load])
    expect(calls).toBeGreaterThan(60)
  })
})
