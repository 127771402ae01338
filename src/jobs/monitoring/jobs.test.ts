import { newId } from '../../platform/ids.ts'
import { expectProblem } from '../../testing/expect-problem.ts'
import { act, hold, wait } from '../../testing/jobs-in-every-state.ts'
import { type MonitoringApi, monitoringApi } from '../../testing/monitoring-api.ts'

let api: MonitoringApi

beforeAll(async () => {
  api = await monitoringApi()
})
beforeEach(() => api.reset())
afterAll(() => api.close())

describe('jobs', () => {
  const jobs = async (query: string) => (await api.ask('get', `/api/monitoring/jobs?${query}`)).body

  test.each([
    ['state=queued', 4],
    ['state=delayed', 2],
    ['state=retrying', 1],
    ['state=processing', 1],
    ['state=completed', 3],
    ['state=cancelled', 1],
    ['state=failed', 2],
    ['kind=test.act', 6],
    ['kind=test.act&state=failed&search=PARCEL', 2],
    ['search=100%25', 0],
    ['search=gateway', 1],
    ['to=2020-01-01T00:00:00Z', 0],
    ['from=2020-01-01T00:00:00Z', 14],
    [`orderId=${newId()}`, 0],
  ])('are found by %s', async (query, expected) => {
    await api.world.fill()
    expect((await jobs(query)).data).toHaveLength(expected)
  })

  test('are found by the order that they are about, alone or in a set', async () => {
    const [order, other] = [newId(), newId()]
    await api.database.pool.query(
      `insert into orders (id, flow, status, currency, created_at, updated_at) values ($1, 'f', 's', 'IDR', pgboss.job_now(), pgboss.job_now())`,
      [order],
    )
    await api.world.enqueue(wait, [
      { n: 1, orderId: order },
      { n: 2, orderIds: [other, order] },
      { n: 3, orderId: other },
    ])
    expect((await jobs(`orderId=${order}`)).data).toHaveLength(2)
  })

  test('come in pages that join without a gap, the latest due first', async () => {
    await api.world.enqueue(
      wait,
      Array.from({ length: 23 }, (_, n) => ({ n })),
    )
    await api.world.enqueue(
      hold,
      Array.from({ length: 4 }, (_, n) => ({ n })),
      { startAfter: new Date(Date.now() + 60_000) },
    )
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: { data: { id: string }[]; pagination: { nextCursor: string | null } } = await jobs(
        `limit=5${cursor && `&cursor=${cursor}`}`,
      )
      seen.push(...page.data.map(job => job.id))
      cursor = page.pagination.nextCursor
    }
    expect(new Set(seen).size).toBe(27)
    expect(seen).toEqual(seen.toSorted().toReversed())
  })

  test('show payload and every attempt', async () => {
    await api.world.fill()
    const [failed] = (await jobs('state=failed&limit=1')).data
    const { body } = await api.ask('get', `/api/monitoring/jobs/${failed.id}`)
    expect(body.data).toMatchObject({
      kind: act.kind,
      payload: { n: expect.any(Number) },
      error: 'the parcel is broken',
    })
    expect(body.data.history).toMatchObject([{ attempt: 1, outcome: 'dead', workerId: api.world.rt.workerId }])
    expect(body.data.deadLetterId).toMatch(/-/)
    expectProblem(await api.ask('get', `/api/monitoring/jobs/${newId()}`), 404, 'not_found')
  })

  test('are cancelled once, with the actor on record', async () => {
    await api.world.enqueue(wait, [{ n: 1 }])
    const [job] = (await jobs('kind=test.wait')).data
    expect((await api.ask('post', `/api/monitoring/jobs/${job.id}/cancel`)).body.data).toEqual({
      id: job.id,
      was: 'queued',
    })
    expectProblem(await api.ask('post', `/api/monitoring/jobs/${job.id}/cancel`), 409, 'job_wrong_state')
    expectProblem(await api.ask('post', `/api/monitoring/jobs/${newId()}/cancel`), 404, 'not_found')
    expect(await api.actions()).toEqual([{ action: 'cancel', actor_kind: 'monitor', target: job.id }])
  })

  test('are retried: a waiting one starts now, a failed one is redriven, a completed one is not', async () => {
    await api.world.fill()
    const [retrying] = (await jobs('state=retrying')).data
    const [failed] = (await jobs('state=failed&limit=1')).data
    const [completed] = (await jobs('state=completed&limit=1')).data
    expect((await api.ask('post', `/api/monitoring/jobs/${retrying.id}/retry`)).body.data).toEqual({ id: retrying.id })
    const { body } = await api.ask('post', `/api/monitoring/jobs/${failed.id}/retry`)
    expect(body.data.id).not.toBe(failed.id)
    expectProblem(await api.ask('post', `/api/monitoring/jobs/${completed.id}/retry`), 409, 'job_wrong_state')
    expectProblem(await api.ask('post', `/api/monitoring/jobs/${failed.id}/retry`), 409, 'job_wrong_state')
    await api.world.work()
    expect((await api.world.effects()).filter(n => n > 3)).toHaveLength(2)
  })
})
