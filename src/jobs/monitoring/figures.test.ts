import { act, wait } from '../../testing/jobs-in-every-state.ts'
import { type MonitoringApi, monitoringApi } from '../../testing/monitoring-api.ts'
import { tick } from '../schedules.ts'

let api: MonitoringApi

beforeAll(async () => {
  api = await monitoringApi()
})
beforeEach(() => api.reset())
afterAll(() => api.close())

describe('figures', () => {
  test('stats equal a count by hand', async () => {
    await api.world.fill()
    await api.world.rt.meter.flush(api.database.db, 'w', new Date())
    const { body } = await api.ask('get', '/api/monitoring/queue/stats')
    expect(body.data.queue).toMatchObject({ totalQueued: 7, totalProcessing: 1, totalFailed: 2, totalCompleted: 3 })
    const byHand = await api.world.rows('select name as kind, state::text, count(*) as n from pgboss.job group by 1, 2')
    const inState = (kind: string, state: string) =>
      (byHand as { kind: string; state: string; n: number }[]).find(row => row.kind === kind && row.state === state)
        ?.n ?? 0
    for (const one of body.data.byKind) {
      expect(one.queued + one.delayed).toBe(inState(one.kind, 'created'))
      expect(one.retrying).toBe(inState(one.kind, 'retry'))
      expect(one.processing).toBe(inState(one.kind, 'active'))
      for (const state of ['completed', 'cancelled', 'failed']) expect(one[state]).toBe(inState(one.kind, state))
    }
    const [oldest] = await api.world.rows<{ id: string }>(
      `select id from pgboss.job where state < 'active' and start_after <= pgboss.job_now() order by created_on limit 1`,
    )
    expect(body.data.queue.oldestJob).toMatchObject({ id: oldest?.id, retryCount: 0 })
    expect(body.data.queue.avgProcessingTime).toBeGreaterThanOrEqual(0)
  })

  test('twenty callers at once cost one count', async () => {
    await api.world.enqueue(wait, [{ n: 1 }])
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.ask('get', '/api/monitoring/queue/stats')))
    expect(new Set(answers.map(answer => answer.body.data.timestamp)).size).toBe(1)
  })

  test('an empty queue has no oldest job and no average', async () => {
    const { body } = await api.ask('get', '/api/monitoring/queue/stats')
    expect(body.data.queue).toEqual({
      totalQueued: 0,
      totalProcessing: 0,
      totalFailed: 0,
      totalCompleted: 0,
      avgProcessingTime: null,
    })
  })

  test('info tells depth, throughput, percentiles, curve, pause and schedules per kind', async () => {
    await api.world.fill()
    const { now } = (await api.world.rows<{ now: Date }>('select pgboss.job_now() as now'))[0]!
    for (let n = 0; n < 99; n++) api.world.rt.meter.completed(act.kind, 1, 50)
    api.world.rt.meter.completed(act.kind, 1, 4_000)
    await api.world.rt.meter.flush(api.database.db, 'w', now)
    await tick(api.world.rt, api.schedule, new Date('2026-11-20T08:00:00Z'))
    await api.ask('post', '/api/monitoring/queues/test.wait/pause', { reason: 'stock-taking' })
    const { body } = await api.ask('get', '/api/monitoring/queue/info')
    const info = (kind: string) => body.data.kinds.find((one: { kind: string }) => one.kind === kind)
    expect(info(act.kind)).toMatchObject({ retrying: 1, dead: 2, retryCurveSeconds: [5, 30, 300], timeoutSeconds: 60 })
    expect(info(act.kind).throughputPerMinute).toBeGreaterThan(100 / 6.01)
    expect(info(act.kind).run.p50).toBeGreaterThan(20)
    expect(info(act.kind).run.p50).toBeLessThanOrEqual(60)
    expect(info(act.kind).schedules).toMatchObject([
      { name: 'test.tick', enabled: true, lastRun: '2026-11-20T08:00:00.000Z' },
    ])
    expect(new Date(info(act.kind).schedules[0].nextRun).getTime()).toBeGreaterThan(Date.now())
    expect(info(wait.kind)).toMatchObject({
      queued: 4,
      delayed: 2,
      pause: { reason: 'stock-taking', pausedBy: 'monitor' },
    })
  })
})
