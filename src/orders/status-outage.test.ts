import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import request from 'supertest'
import { startRedis } from '../embedded/index.ts'
import { createHot } from '../hot/index.ts'
import { newId } from '../platform/ids.ts'
import { testDatabase } from '../testing/database.ts'
import { shop, startOrderApi, watchOrder } from '../testing/order-api.ts'
import { until } from '../testing/until.ts'

const log = pino({ level: 'silent' })
const redisUrl = process.env.TEST_REDIS_URL
const withRedis = redisUrl ? describe : describe.skip

withRedis('the status and events of an order through an outage of Redis (a server of the test’s own)', () => {
  it('always show the final status, and answer every request meanwhile', async () => {
    const owner = newId()
    const dir = await mkdtemp(join(tmpdir(), 'antre-status-'))
    const redis = await startRedis({ dir, guard: { delaySeconds: 0 } })
    if (!redis) throw new Error('redis-server disappeared')
    const database = await testDatabase()
    const open = () =>
      createHot({ redisUrl: redis.url, databaseUrl: database.url, db: database.db, pool: database.pool, log })
    const [apiHot, workerHot] = [await open(), await open()]
    const api = await startOrderApi(database, apiHot, { config: { RATE_LIMIT_FACTOR: 1_000 } })
    const { create, move } = shop(database, workerHot, owner)
    const ids = await Promise.all(Array.from({ length: 20 }, create))
    const streams = await Promise.all(ids.map(id => watchOrder(api, id, owner)))
    const everywhere = async (status: string) => {
      await until(() => streams.every(({ seen }) => seen.at(-1)?.status === status))
      // The stream tells at once; a Redis that is just back gets what it missed within moments.
      for (const id of ids) {
        await until(async () => {
          const { body } = await request(api.url).get(`/api/orders/${id}/status`).set('X-Test-User', owner).expect(200)
          return body.data.status === status
        }, 5_000)
      }
    }
    await everywhere('packed')
    await Promise.all([redis.stop(), ...ids.map(id => move(id, 'send'))])
    await everywhere('sent')
    await Promise.all([redis.restart(), ...ids.map(id => move(id, 'arrive'))])
    await everywhere('arrived')
    await until(() => apiHot.state().mode === 'redis' && workerHot.state().mode === 'redis')
    await everywhere('arrived')
    expect(streams.map(stream => stream.versions())).toEqual(ids.map(() => [1, 2, 3]))

    for (const stream of streams) stream.leave()
    await api.close()
    await apiHot.close()
    await workerHot.close()
    await database.close()
    await redis.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it('are read from Redis without a look at Postgres, and filled again after a flush', async () => {
    const owner = newId()
    const database = await testDatabase()
    const hot = await createHot({ redisUrl, databaseUrl: database.url, db: database.db, pool: database.pool, log })
    const api = await startOrderApi(database, hot)
    const id = await shop(database, hot, owner).create()
    const read = async () =>
      (await request(api.url).get(`/api/orders/${id}/status`).set('X-Test-User', owner)).body.data?.source
    const redis = new Redis(redisUrl!)
    await redis.del(`order:${id}:status`)
    expect(await read()).toBe('postgres')
    await database.pool.query('delete from orders where id = $1', [id])
    expect(await read()).toBe('redis')
    await request(api.url).get(`/api/orders/${id}/status`).set('X-Test-User', newId()).expect(404)
    await redis.del(`order:${id}:status`)
    await request(api.url).get(`/api/orders/${id}/status`).set('X-Test-User', owner).expect(404)
    redis.disconnect()
    await api.close()
    await hot.close()
    await database.close()
  })
})
