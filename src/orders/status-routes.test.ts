import { pino } from 'pino'
import request from 'supertest'
import { createHot, type Hot } from '../hot/index.ts'
import { newId } from '../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { type OrderApi, parcelFlow, shop, startOrderApi, watchOrder } from '../testing/order-api.ts'
import { until } from '../testing/until.ts'
import { advance } from './index.ts'
import { limitStatusCalls } from './status-limit.ts'

const log = pino({ level: 'silent' })
const redisUrl = process.env.TEST_REDIS_URL
const modes = [
  { mode: 'without Redis', url: undefined, run: describe },
  {
    mode: `with Redis (${redisUrl ?? 'no server here: skipped'})`,
    url: redisUrl,
    run: redisUrl ? describe : describe.skip,
  },
]

for (const { mode, url, run } of modes) {
  run(`the status and events of an order ${mode}`, () => {
    const owner = newId()
    let database: TestDatabase
    let apiHot: Hot
    let workerHot: Hot
    let api: OrderApi
    let orders: ReturnType<typeof shop>

    beforeAll(async () => {
      database = await testDatabase()
      const open = () =>
        createHot({ redisUrl: url, databaseUrl: database.url, db: database.db, pool: database.pool, log })
      apiHot = await open()
      workerHot = await open()
      api = await startOrderApi(database, apiHot)
      orders = shop(database, workerHot, owner)
    })

    afterAll(async () => {
      await api.close()
      await apiHot.close()
      await workerHot.close()
      await database.close()
    })

    const status = (id: string, query = '') =>
      request(api.url).get(`/api/orders/${id}/status${query}`).set('X-Test-User', owner)

    it('answers with the status that was committed last', async () => {
      const id = await orders.create()
      await orders.move(id, 'send')
      const { body } = await status(id).expect(200)
      expect(body.data).toEqual({
        orderId: id,
        status: 'sent',
        version: 2,
        progress: null,
        step: null,
        message: null,
        updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        source: url ? 'redis' : 'postgres',
      })
    })

    it('shows nothing of a transaction that was rolled back, and the last of two moves of one transaction', async () => {
      const id = await orders.create()
      const failing = orders.within(async tx => {
        await advance(tx, parcelFlow, 'send', [id])
        throw new Error('rolled back')
      })
      await expect(failing).rejects.toThrow('rolled back')
      expect((await status(id)).body.data).toMatchObject({ status: 'packed', version: 1 })
      await orders.within(async tx => {
        await advance(tx, parcelFlow, 'send', [id])
        await advance(tx, parcelFlow, 'arrive', [id])
      })
      expect((await status(id)).body.data).toMatchObject({ status: 'arrived', version: 3 })
    })

    it('is 404 for somebody else, for another pass and for an id that does not exist; 401 for nobody', async () => {
      const id = await orders.create()
      const path = (name: string) => `/api/orders/${id}/${name}`
      for (const name of ['status', 'status?fresh=1', 'events']) {
        await request(api.url).get(path(name)).set('X-Test-User', newId()).expect(404)
        await request(api.url).get(path(name)).set('X-Test-Pass', newId()).expect(404)
        await request(api.url).get(path(name)).expect(401)
      }
      await request(api.url).get(path('status')).set('X-Test-Pass', id).expect(200)
      await status(newId()).expect(404)
      await status('not-an-id').expect(422)
      await status(id, '?fresh=perhaps').expect(422)
    })

    it('reads the database with fresh=1', async () => {
      const id = await orders.create()
      await database.pool.query("update orders set status = 'sent', version = 2 where id = $1", [id])
      const { body } = await status(id, '?fresh=1')
      expect(body.data).toMatchObject({ status: 'sent', version: 2, source: 'postgres' })
      // What was read is newer than what was stored, so it is stored.
      expect((await status(id)).body.data).toMatchObject({ status: 'sent', version: 2 })
    })

    it('streams every event so far, then those that come, each once and in order', async () => {
      const id = await orders.create()
      await orders.move(id, 'send')
      const stream = await watchOrder(api, id, owner)
      expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
      await until(() => stream.seen.length === 2)
      await Promise.all([orders.move(id, 'scan'), orders.move(id, 'scan'), orders.move(id, 'scan')])
      await orders.move(id, 'arrive')
      await until(() => stream.seen.length === 6)
      expect(stream.versions()).toEqual([1, 2, 3, 4, 5, 6])
      expect(stream.seen.at(-1)).toEqual({ id: 6, status: 'arrived', transition: 'arrive' })
      stream.leave()
      await stream.ended
    })

    it('resumes after Last-Event-ID, from the header before the query', async () => {
      const id = await orders.create()
      await orders.move(id, 'send')
      await orders.move(id, 'scan')
      await orders.move(id, 'arrive')
      const byHeader = await watchOrder(api, id, owner, { 'Last-Event-ID': '3' }, '?lastEventId=1')
      const byQuery = await watchOrder(api, id, owner, {}, '?lastEventId=2')
      const byNonsense = await watchOrder(api, id, owner, { 'Last-Event-ID': 'x' })
      await until(() => [byHeader, byQuery, byNonsense].every(({ seen }) => seen.at(-1)?.id === 4))
      expect([byHeader, byQuery, byNonsense].map(one => one.versions())).toEqual([[4], [3, 4], [1, 2, 3, 4]])
      for (const one of [byHeader, byQuery, byNonsense]) one.leave()
      await request(api.url).get(`/api/orders/${id}/events?lastEventId=-1`).set('X-Test-User', owner).expect(422)
    })

    it('keeps the stream while the database drops every connection', async () => {
      const id = await orders.create()
      const stream = await watchOrder(api, id, owner)
      await until(() => stream.seen.length === 1)
      await database.pool
        .query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()')
        .catch(() => undefined)
      await until(async () => {
        const moved = await orders.move(id, 'send').catch(() => [])
        return moved.length === 1
      })
      await until(() => stream.seen.length === 2)
      stream.leave()
    })

    it('ends all streams when the process stops', async () => {
      const stoppingApi = await startOrderApi(database, apiHot)
      const id = await orders.create()
      const streams = await Promise.all(Array.from({ length: 20 }, () => watchOrder(stoppingApi, id, owner)))
      await until(() => streams.every(({ seen }) => seen.length === 1))
      stoppingApi.stop()
      await Promise.all(streams.map(stream => stream.ended))
      await stoppingApi.close()
    })
  })
}

describe('the status and events of an order, whatever serves them', () => {
  const owner = newId()
  let database: TestDatabase
  let hot: Hot
  let id: string

  beforeAll(async () => {
    database = await testDatabase()
    hot = await createHot({ databaseUrl: database.url, db: database.db, pool: database.pool, log })
  })

  beforeEach(async () => {
    id = await shop(database, hot, owner).create()
  })

  afterAll(async () => {
    await hot.close()
    await database.close()
  })

  it('refuse a caller above 600 calls a minute, and nobody else', async () => {
    const api = await startOrderApi(database, hot)
    const busy = { kind: 'user', id: owner, role: 'jastiper' } as const
    for (let i = 0; i < 600; i++) await limitStatusCalls(busy, '', 1)
    const refused = await request(api.url).get(`/api/orders/${id}/status`).set('X-Test-User', owner).expect(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.body).toMatchObject({ code: 'rate_limited' })
    await request(api.url).get(`/api/orders/${id}/status`).set('X-Test-Pass', id).expect(200)
    await api.close()
    const generous = await startOrderApi(database, hot, { config: { RATE_LIMIT_FACTOR: 10 } })
    await request(generous.url).get(`/api/orders/${id}/status`).set('X-Test-User', owner).expect(200)
    await generous.close()
  })

  it('delay an event only a little when its nudge is lost', async () => {
    const deaf = { readStatus: async () => null, refill: async () => undefined, subscribe: () => () => undefined }
    const api = await startOrderApi(database, hot, { hot: deaf, config: { RATE_LIMIT_FACTOR: 1_000 } })
    const stream = await watchOrder(api, id, owner)
    await until(() => stream.seen.length === 1)
    await shop(database, hot, owner).move(id, 'send')
    await until(() => stream.seen.length === 2)
    stream.leave()
    await api.close()
  })

  it('stop watching when the client leaves', async () => {
    let watching = 0
    const counting: Hot = {
      ...hot,
      subscribe: (orderId, onUpdate) => {
        const stop = hot.subscribe(orderId, onUpdate)
        watching += 1
        return () => {
          watching -= 1
          stop()
        }
      },
    }
    const api = await startOrderApi(database, counting, { config: { RATE_LIMIT_FACTOR: 1_000 } })
    const stream = await watchOrder(api, id, owner)
    await until(() => watching === 1)
    stream.leave()
    await until(() => watching === 0)
    await api.close()
  })
})
