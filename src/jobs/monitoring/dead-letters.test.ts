import { expectProblem } from '../../testing/expect-problem.ts'
import { act } from '../../testing/jobs-in-every-state.ts'
import { type MonitoringApi, monitoringApi } from '../../testing/monitoring-api.ts'

let api: MonitoringApi

beforeAll(async () => {
  api = await monitoringApi()
})
beforeEach(() => api.reset())
afterAll(() => api.close())

describe('dead letters', () => {
  const redrive = (body: object) => api.ask('post', '/api/monitoring/dead-letters/redrive', body)

  test('a poison job is found, previewed, redriven after the fix and completed', async () => {
    await api.world.die([{ n: 666 }])
    const { body } = await api.ask('get', '/api/monitoring/dead-letters?error=broken')
    expect(body.data).toMatchObject([
      { kind: act.kind, state: 'open', attempts: 1, payload: { n: 666 }, errorClass: 'Permanent' },
    ])
    const preview = await redrive({ kind: act.kind, preview: true })
    expect(preview.body.data).toMatchObject({ matching: 1, redriven: 0, firstStartAt: null })
    expect(await api.actions()).toEqual([])
    const done = await redrive({ ids: [body.data[0].id] })
    expect(done.body.data).toMatchObject({
      matching: 1,
      redriven: 1,
      groups: [{ kind: act.kind, errorClass: 'Permanent', redriven: 1 }],
    })
    await api.world.work()
    expect(await api.world.effects()).toEqual([666])
    expect((await redrive({ ids: [body.data[0].id] })).body.data).toMatchObject({ matching: 0, redriven: 0 })
    const after = await api.ask('get', '/api/monitoring/dead-letters?state=redriven')
    expect(after.body.data).toMatchObject([{ id: body.data[0].id, redrivenBy: 'monitor' }])
    expect((await api.actions())[0]).toEqual({ action: 'redrive', actor_kind: 'monitor', target: 'dead letters' })
  })

  test('SQL and API make the same job of a dead letter', async () => {
    await api.world.die([{ n: 1 }, { n: 2 }])
    const [first, second] = (await api.ask('get', '/api/monitoring/dead-letters')).body.data
    await redrive({ ids: [first.id] })
    await api.database.pool.query('select inspect.redrive($1)', [second.id])
    const made = await api.world.rows<Record<string, unknown>>(`select * from pgboss.job where state = 'created'`)
    const settings = made.map(({ id, data, start_after, created_on, keep_until, ...rest }) => rest)
    expect(settings).toHaveLength(2)
    expect(settings[0]).toEqual(settings[1])
  })

  test('are discarded with a reason and stay readable', async () => {
    await api.world.die([{ n: 1 }, { n: 2 }])
    const { body } = await api.ask('post', '/api/monitoring/dead-letters/discard', {
      payload: { n: 1 },
      reason: 'a test order',
    })
    expect(body.data).toMatchObject({ matching: 1, discarded: 1 })
    expect((await redrive({ kind: act.kind })).body.data).toMatchObject({ matching: 1, redriven: 1 })
    const { data } = (await api.ask('get', '/api/monitoring/dead-letters?state=discarded')).body
    expect(data).toMatchObject([{ payload: { n: 1 }, discardReason: 'a test order', discardedBy: 'monitor' }])
  })

  test('come in pages that join without a gap', async () => {
    await api.world.die(Array.from({ length: 7 }, (_, n) => ({ n })))
    const first = (await api.ask('get', '/api/monitoring/dead-letters?limit=4')).body
    const rest = (await api.ask('get', `/api/monitoring/dead-letters?limit=4&cursor=${first.pagination.nextCursor}`))
      .body
    expect(new Set([...first.data, ...rest.data].map((one: { id: string }) => one.id)).size).toBe(7)
    expect(rest.pagination.nextCursor).toBeNull()
  })

  test.each([{}, { limit: 5 }, { preview: true }])('redrive without a filter (%j) is refused', async body => {
    expectProblem(await redrive(body), 422, 'invalid_value')
  })

  test.each([
    { ids: [] },
    { ids: ['x'] },
    { kind: 1 },
    { kind: 'k', perSecond: 0 },
    { kind: 'k', from: 'yesterday' },
    { kind: 'k', extra: 1 },
  ])('redrive with %j is refused', async body => {
    expectProblem(await redrive(body), 422, 'validation_failed')
  })
})
