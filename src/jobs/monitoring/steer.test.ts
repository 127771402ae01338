import request from 'supertest'
import { newId } from '../../platform/ids.ts'
import { expectProblem } from '../../testing/expect-problem.ts'
import { act } from '../../testing/jobs-in-every-state.ts'
import { type MonitoringApi, monitoringApi } from '../../testing/monitoring-api.ts'
import { tick } from '../schedules.ts'
import { monitoringRoutes } from './index.ts'

let api: MonitoringApi

beforeAll(async () => {
  api = await monitoringApi()
})
beforeEach(() => api.reset())
afterAll(() => api.close())

describe('pause, resume and schedules', () => {
  test('a paused kind rests until it is resumed; both calls are on record', async () => {
    await api.world.enqueue(act, [{ n: 1 }])
    await api.ask('post', '/api/monitoring/queues/test.act/pause', {
      reason: 'gateway away',
      until: new Date(Date.now() + 3_600_000).toISOString(),
    })
    await api.world.work()
    expect(await api.world.effects()).toEqual([])
    expect((await api.ask('post', '/api/monitoring/queues/test.act/resume')).body.data).toEqual({
      kind: 'test.act',
      paused: false,
    })
    await api.world.work()
    expect(await api.world.effects()).toEqual([1])
    expect((await api.actions()).map(row => (row as { action: string }).action)).toEqual(['pause', 'resume'])
  })

  test('an unknown kind is 404, a pause without a reason or into the past 422', async () => {
    expectProblem(await api.ask('post', '/api/monitoring/queues/nope/pause', { reason: 'x' }), 404, 'not_found')
    expectProblem(await api.ask('post', '/api/monitoring/queues/nope/resume'), 404, 'not_found')
    expectProblem(await api.ask('post', '/api/monitoring/queues/test.act/pause', {}), 422, 'validation_failed')
    const past = { reason: 'x', until: '2020-01-01T00:00:00Z' }
    expectProblem(await api.ask('post', '/api/monitoring/queues/test.act/pause', past), 422, 'invalid_value')
  })

  test('a schedule is switched off for the whole fleet and on again', async () => {
    const off = await api.ask('patch', '/api/monitoring/schedules/test.tick', { enabled: false })
    expect(off.body.data).toMatchObject({ enabled: false, nextRun: null, changedBy: 'monitor' })
    expect(await tick(api.world.rt, api.schedule, new Date())).toBe(false)
    const on = await api.ask('patch', '/api/monitoring/schedules/test.tick', { enabled: true })
    expect(on.body.data.nextRun).not.toBeNull()
    expect(await tick(api.world.rt, api.schedule, new Date())).toBe(true)
    expectProblem(await api.ask('patch', '/api/monitoring/schedules/nope', { enabled: true }), 404, 'not_found')
    expect(await api.actions()).toMatchObject([
      { action: 'schedule_off', target: 'test.tick' },
      { action: 'schedule_on' },
    ])
  })
})

test('nobody without the monitoring token or a role of ops gets in, whatever the route', async () => {
  const routes = monitoringRoutes.filter(one => one.path.startsWith('/api/monitoring'))
  expect(routes).toHaveLength(15)
  for (const { method, path, who } of routes) {
    expect(who).toEqual(['ops', 'admin', 'monitor'])
    expectProblem(await request(api.app())[method](path.replace(/:\w+/, newId())), 401, 'unauthorized')
  }
})
