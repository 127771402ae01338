import request from 'supertest'
import { createApp } from '../../app.ts'
import { createDb, createPool } from '../../platform/db.ts'
import { createLog } from '../../platform/log.ts'
import { httpDeps } from '../../testing/http-deps.ts'
import { wait } from '../../testing/jobs-in-every-state.ts'
import { type MonitoringApi, monitoringApi, TOKEN } from '../../testing/monitoring-api.ts'
import { until } from '../../testing/until.ts'
import { startWorker } from '../start-worker.ts'
import { monitoringRoutes } from './index.ts'

let api: MonitoringApi

beforeAll(async () => {
  api = await monitoringApi()
})
beforeEach(() => api.reset())
afterAll(() => api.close())

describe('health', () => {
  const health = async () => (await api.ask('get', '/api/monitoring/queue/health')).body.data

  test('is 503 and unhealthy without a worker, and ready says no more than unavailable', async () => {
    const answer = await api.ask('get', '/api/monitoring/queue/health')
    expect(answer.status).toBe(503)
    expect(answer.body.data).toMatchObject({
      overall: 'unhealthy',
      reasons: ['no worker is alive'],
      database: { state: 'up' },
    })
    const ready = await request(api.app()).get('/api/health/ready')
    expect({ status: ready.status, body: ready.body }).toEqual({ status: 503, body: { status: 'unavailable' } })
    expect((await request(api.app()).get('/api/health/live')).body).toEqual({ status: 'ok' })
  })

  test('sees the workers of other processes, and is healthy without Redis', async () => {
    const workers = [1, 2].map(() => startWorker(api.world.rt, api.world.handlers, api.database.url))
    try {
      await until(async () => (await api.world.rows(`select from inspect.worker where state = 'alive'`)).length === 2)
      api.renew()
      const seen = await health()
      expect(seen).toMatchObject({ overall: 'healthy', reasons: [], redis: { state: 'none' } })
      expect(seen.notes).toEqual(['no Redis is configured: Postgres serves what is hot'])
      expect(seen.workers.map((one: { id: string }) => one.id).sort()).toEqual(workers.map(one => one.id).sort())
      const ready = await request(api.app()).get('/api/health/ready')
      expect({ status: ready.status, body: ready.body }).toEqual({ status: 200, body: { status: 'ok' } })
      await api.database.pool.query(`delete from kysely_migration where name = '202611200100_platform'`)
      api.renew()
      expect((await request(api.app()).get('/api/health/ready')).status).toBe(503)
    } finally {
      await Promise.all(workers.map(one => one.stop(1)))
    }
  })

  test('is degraded with the reason when work is late, dies, or a worker went silent', async () => {
    await api.world.fill()
    await api.database.pool.query(`
      insert into workers (id, host, pid, kinds, started_at, last_seen)
      values ('a', 'h1', 11, '{test.act,test.hold,test.wait}', pgboss.job_now(), pgboss.job_now() + interval '70 seconds'),
             ('b', 'h2', 22, '{test.act}', pgboss.job_now(), pgboss.job_now() + interval '30 seconds')`)
    await api.clock.advance(75)
    api.renew()
    const { overall, reasons } = await health()
    expect(overall).toBe('degraded')
    expect(reasons).toEqual([
      'worker 22 on h2 has been silent for 45 s',
      '1 running jobs have a silent worker',
      '2 jobs died within 15 minutes and wait in the dead letters',
      expect.stringMatching(/^test\.act: the oldest due job has waited 7\d s$/),
      expect.stringMatching(/^test\.wait: the oldest due job has waited 7\d s$/),
    ])
  })

  test('names a kind that no living worker works, and a Redis that is away', async () => {
    await api.world.enqueue(wait, [{ n: 1 }])
    await api.database.pool.query(
      `insert into workers (id, host, pid, kinds, started_at, last_seen) values ('a', 'h', 1, '{test.act}', pgboss.job_now(), pgboss.job_now())`,
    )
    api.renew({ REDIS_URL: 'redis://localhost:1' })
    Object.assign(api.hot, { breaker: 'open', lastError: 'connect ECONNREFUSED' })
    try {
      expect(await health()).toMatchObject({
        overall: 'degraded',
        redis: { state: 'down', breaker: 'open', lastError: 'connect ECONNREFUSED' },
        reasons: [
          'Redis does not answer: Postgres serves what is hot',
          'test.wait: jobs are due and no living worker works this kind',
        ],
      })
    } finally {
      Object.assign(api.hot, { breaker: 'closed', lastError: undefined })
    }
  })

  test('answers 503 within seconds when the database is away', async () => {
    const log = createLog('silent', 'test')
    const db = createDb(createPool({ url: 'postgres://127.0.0.1:1/nothing', max: 1, name: 'test', log }))
    const deps = { ...httpDeps(api.database), db, hot: { state: () => api.hot }, contracts: [], schedules: [] }
    const answer = await request(createApp(deps, monitoringRoutes))
      .get('/api/monitoring/queue/health')
      .set('Authorization', TOKEN)
    expect(answer.status).toBe(503)
    expect(answer.body.data).toMatchObject({
      overall: 'unhealthy',
      reasons: ['the database does not answer'],
      queue: null,
    })
    expect((await request(createApp(deps, monitoringRoutes)).get('/api/health/ready')).status).toBe(503)
    await db.destroy()
  })
})
