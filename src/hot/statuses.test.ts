import { Redis } from 'ioredis'
import { pino } from 'pino'
import { freePort } from '../embedded/index.ts'
import { newId } from '../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import type { HotStatus } from './hot-status.ts'
import { createHot, type Hot } from './index.ts'

const log = pino({ level: 'silent' })
const redisUrl = process.env.TEST_REDIS_URL
const withRedis = redisUrl ? describe : describe.skip

const entryOf = (more: Partial<HotStatus> = {}): HotStatus => ({
  orderId: newId(),
  flow: 'jastip',
  status: 'pending_dp',
  version: 1,
  closed: false,
  ownerId: newId(),
  customerRef: newId(),
  updatedAt: new Date('2026-11-20T04:00:00.123Z'),
  ...more,
})

describe('hot statuses without Redis', () => {
  let database: TestDatabase
  let hot: Hot

  beforeAll(async () => {
    database = await testDatabase()
    hot = await createHot({ databaseUrl: database.url, db: database.db, pool: database.pool, log })
  })

  afterAll(async () => {
    await hot.close()
    await database.close()
  })

  it('is always a miss, so that the caller reads Postgres', async () => {
    const entry = entryOf()
    await hot.writeStatuses([entry])
    await hot.refill(entry)
    expect(await hot.readStatus(entry.orderId)).toBeNull()
    expect(hot.state()).toMatchObject({ mode: 'postgres' })
  })

  it('is the same when REDIS_URL leads nowhere, and says so', async () => {
    const redisUrl = `redis://127.0.0.1:${await freePort()}`
    const lost = await createHot({ redisUrl, databaseUrl: database.url, db: database.db, pool: database.pool, log })
    const entry = entryOf()
    await lost.writeStatuses([entry])
    await lost.refill(entry)
    expect(await lost.readStatus(entry.orderId)).toBeNull()
    expect(await lost.withLock(`test:${entry.orderId}`, 5, async ({ fence }) => fence > 0)).toBe(true)
    expect(lost.state()).toMatchObject({ mode: 'postgres', lastError: expect.any(String) })
    expect(lost.state().breaker).not.toBe('closed')
    await lost.close()
  })
})

withRedis(`hot statuses with Redis (${redisUrl ?? 'no server here: skipped'})`, () => {
  let database: TestDatabase
  let hot: Hot
  let redis: Redis

  beforeAll(async () => {
    database = await testDatabase()
    hot = await createHot({ redisUrl, databaseUrl: database.url, db: database.db, pool: database.pool, log })
    redis = new Redis(redisUrl!)
  })

  afterAll(async () => {
    redis.disconnect()
    await hot.close()
    await database.close()
  })

  const key = (entry: HotStatus) => `order:${entry.orderId}:status`

  it('reads back what was written, the fields of the flow too', async () => {
    const entry = entryOf({
      progress: 40,
      step: 'paying',
      message: 'almost',
      seq: 7,
      fields: { phase: '2', none: null },
    })
    await hot.writeStatuses([entry])
    expect(await hot.readStatus(entry.orderId)).toEqual({
      orderId: entry.orderId,
      flow: 'jastip',
      status: 'pending_dp',
      version: 1,
      ownerId: entry.ownerId,
      customerRef: entry.customerRef,
      updatedAt: entry.updatedAt,
      progress: 40,
      step: 'paying',
      message: 'almost',
      seq: 7,
      fields: { phase: '2' },
    })
    expect(hot.state()).toMatchObject({ mode: 'redis', breaker: 'closed' })
  })

  it('knows nothing of an order that nobody wrote', async () => {
    expect(await hot.readStatus(newId())).toBeNull()
  })

  it('takes a newer version and refuses an older one that arrives late', async () => {
    const entry = entryOf()
    await hot.writeStatuses([{ ...entry, version: 3, status: 'accepted' }])
    await hot.writeStatuses([{ ...entry, version: 2, status: 'awaiting_validation' }])
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ version: 3, status: 'accepted' })
    await hot.writeStatuses([{ ...entry, version: 4, status: 'paid', ownerId: null }])
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ version: 4, status: 'paid', ownerId: null })
  })

  it('at an equal version leaves progress alone unless the seq is higher', async () => {
    const entry = entryOf({ version: 5, progress: 60, step: 'third', message: 'on it', seq: 20 })
    await hot.writeStatuses([entry])
    const { progress, step, message, seq, ...plain } = entry
    await hot.writeStatuses([{ ...plain, fields: { otp: 'sent' } }])
    await hot.writeStatuses([{ ...plain, progress: 10, step: 'first', message: 'old', seq: 20 }])
    await hot.writeStatuses([{ ...plain, progress: 20, step: 'second', message: null, seq: 19 }])
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ progress, step, message, seq, fields: { otp: 'sent' } })
    await hot.writeStatuses([{ ...plain, progress: 70, message: null, seq: 21 }])
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ progress: 70, step: 'third', message: null, seq: 21 })
  })

  it('at a newer version sets what is given, keeps what is not, and never lowers the seq', async () => {
    const entry = entryOf({ progress: 60, step: 'third', message: 'on it', seq: 20 })
    await hot.writeStatuses([entry])
    const { progress: _, seq: __, ...plain } = entry
    await hot.writeStatuses([{ ...plain, version: 2, progress: 0, step: null, seq: 4 }])
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ version: 2, progress: 0, step: null, seq: 20 })
  })

  it('keeps an active order for a minute and a closed one for an hour', async () => {
    const entry = entryOf()
    await hot.writeStatuses([entry])
    const active = await redis.ttl(key(entry))
    expect(active).toBeGreaterThan(50)
    expect(active).toBeLessThanOrEqual(60)
    await hot.writeStatuses([{ ...entry, version: 2, closed: true }])
    const closed = await redis.ttl(key(entry))
    expect(closed).toBeGreaterThan(3_500)
    expect(closed).toBeLessThanOrEqual(3_600)
  })

  it('prolongs nothing by reading or refilling', async () => {
    const entry = entryOf()
    await hot.writeStatuses([entry])
    await redis.expire(key(entry), 30)
    await hot.readStatus(entry.orderId)
    await hot.refill(entry)
    await hot.refill({ ...entry, version: 0 })
    expect(await redis.ttl(key(entry))).toBeLessThanOrEqual(30)
  })

  it('fills a miss, replaces an older version, and does not touch a newer one', async () => {
    const entry = entryOf({ version: 2 })
    await hot.refill(entry)
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ version: 2 })
    await hot.refill({ ...entry, version: 3, status: 'newer' })
    await hot.refill({ ...entry, version: 1, status: 'stale' })
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ version: 3, status: 'newer' })
  })

  it('writes 1,000 orders in one call, whole', async () => {
    const entries = Array.from({ length: 1_000 }, (_, i) => entryOf({ version: i + 1, status: `status_${i}` }))
    await hot.writeStatuses(entries)
    const read = await Promise.all(entries.map(entry => hot.readStatus(entry.orderId)))
    expect(read.map(stored => stored?.status)).toEqual(entries.map(entry => entry.status))
    expect(read.map(stored => stored?.version)).toEqual(entries.map(entry => entry.version))
  })

  it('replaces a key of another type and writes the others of the same call', async () => {
    const [broken, fine] = [entryOf(), entryOf()]
    await redis.set(key(broken), 'not a hash')
    await hot.writeStatuses([broken, fine])
    expect(await hot.readStatus(broken.orderId)).toMatchObject({ version: 1 })
    expect(await hot.readStatus(fine.orderId)).toMatchObject({ version: 1 })
  })

  it('takes a key of another type, or a hash that is not whole, for a miss without giving up on Redis', async () => {
    const orders = Array.from({ length: 5 }, () => entryOf())
    for (const entry of orders) await redis.lpush(key(entry), 'not a hash')
    for (const entry of orders) expect(await hot.readStatus(entry.orderId)).toBeNull()
    const partial = entryOf()
    await redis.hset(key(partial), { status: 'paid', version: 'three' })
    expect(await hot.readStatus(partial.orderId)).toBeNull()
    expect(hot.state().mode).toBe('redis')
  })

  it('works on after the server forgot the scripts', async () => {
    const entry = entryOf()
    await hot.writeStatuses([entry])
    await redis.script('FLUSH')
    await hot.writeStatuses([{ ...entry, version: 2 }])
    expect(await hot.readStatus(entry.orderId)).toMatchObject({ version: 2 })
  })
})
