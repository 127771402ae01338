import { newId } from '../../platform/ids.ts'
import { testClock } from '../../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { act, hold, type JobWorld, jobWorld, keyed } from '../../testing/jobs-in-every-state.ts'

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let world: JobWorld

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  world = await jobWorld(database)
})
beforeEach(() => world.reset())
afterAll(async () => {
  await world.close()
  await database.close()
})

const actions = () =>
  world.rows('select action, actor_kind, actor_id, target, data from operator_actions order by at, id')

describe('pause, resume and cancel', () => {
  test('a pause holds a kind back until it is resumed, and both are on record', async () => {
    await world.enqueue(act, [{ n: 1 }])
    await database.pool.query(`select inspect.pause_queue('test.act', 'the gateway is away')`)
    await world.work()
    expect(await world.effects()).toEqual([])
    expect(
      await world.one(`select paused, pause_reason, paused_by from inspect.queue_depth where kind = 'test.act'`),
    ).toEqual({
      paused: true,
      pause_reason: 'the gateway is away',
      paused_by: 'dba:postgres',
    })
    expect(await world.one(`select inspect.resume_queue('test.act')`)).toEqual({ resume_queue: true })
    expect(await world.one(`select inspect.resume_queue('test.act')`)).toEqual({ resume_queue: false })
    await world.work()
    expect(await world.effects()).toEqual([1])
    expect(await actions()).toMatchObject([
      { action: 'pause', target: 'test.act' },
      { action: 'resume', target: 'test.act' },
    ])
  })

  test('a pause with an end ends by itself', async () => {
    await world.enqueue(act, [{ n: 1 }])
    await database.pool.query(
      `select inspect.pause_queue('test.act', 'lunch', pgboss.job_now() + interval '10 minutes')`,
    )
    await clock.advance(601)
    await world.work()
    expect(await world.effects()).toEqual([1])
  })

  test('a pause needs a kind that exists, a reason and an end in the future', async () => {
    const pause = (args: string) => world.rows(`select inspect.pause_queue(${args})`)
    await expect(pause(`'test.unknown', 'why'`)).rejects.toThrow('there is no queue test.unknown')
    await expect(pause(`'test.act', ' '`)).rejects.toThrow('say why')
    await expect(pause(`'test.act', 'why', pgboss.job_now() - interval '1 second'`)).rejects.toThrow('in the past')
  })

  test('cancelling a queued job frees its key, so that the key can be queued again', async () => {
    await world.enqueue(keyed, [{ n: 1 }])
    const { id } = await world.one<{ id: string }>(`select id from pgboss.job where name = 'test.keyed'`)
    expect(await world.one('select inspect.cancel_job($1)', [id])).toEqual({ cancel_job: 'queued' })
    await world.enqueue(keyed, [{ n: 1 }])
    expect(await world.rows(`select state from inspect.job where kind = 'test.keyed' order by state`)).toEqual([
      { state: 'cancelled' },
      { state: 'queued' },
    ])
    await expect(world.rows('select inspect.cancel_job($1)', [id])).rejects.toThrow('the job is cancelled')
    await expect(world.rows('select inspect.cancel_job($1)', [newId()])).rejects.toThrow('there is no job')
  })

  test('a cancelled running job loses its claim, and its attempt is in the history', async () => {
    await world.enqueue(hold, [{ n: 1 }])
    const [job] = await world.rt.boss.fetch(hold.kind, { batchSize: 1 })
    expect(await world.one('select inspect.cancel_job($1)', [job?.id])).toEqual({ cancel_job: 'processing' })
    const settled = await world.rt.boss.complete(hold.kind, job?.id ?? '')
    expect(settled).toMatchObject({ affected: 0 })
    expect(await world.rows('select outcome, error from inspect.job_attempt')).toEqual([
      { outcome: 'lost', error: 'cancelled by dba:postgres' },
    ])
  })
})
