import { newId } from '../../platform/ids.ts'
import { testClock } from '../../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type JobWorld, jobWorld } from '../../testing/jobs-in-every-state.ts'

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

describe('redrive', () => {
  const letterIds = async () =>
    (await world.rows<{ id: string }>("select id from dead_letters order by payload->>'n'")).map(row => row.id)

  test('makes a new job with the settings of the queue, which completes after the fix', async () => {
    await world.die([{ n: 1 }])
    expect(await world.effects()).toEqual([])
    const [id] = await letterIds()
    const { redrive } = await world.one<{ redrive: string }>('select inspect.redrive($1)', [id])
    const made = await world.one(
      'select retry_limit, retry_delay, expire_seconds, heartbeat_seconds, dead_letter, priority, policy from pgboss.job where id = $1',
      [redrive],
    )
    const born = await world.one(
      `select retry_limit, retry_delay, expire_seconds, heartbeat_seconds, q.dead_letter, 10 as priority, policy from pgboss.queue q where name = 'test.act'`,
    )
    expect(made).toEqual(born)
    await world.work()
    expect(await world.effects()).toEqual([1])
    expect(await world.one('select state, redriven_by, redriven_as from inspect.dead_letter')).toEqual({
      state: 'redriven',
      redriven_by: 'dba:postgres',
      redriven_as: redrive,
    })
    expect(await actions()).toMatchObject([
      { action: 'redrive', actor_kind: 'dba', data: { redriven: 1, filter: { ids: [id] } } },
    ])
  })

  test('happens once, also when two ask at the same time', async () => {
    await world.die([{ n: 1 }])
    const [id] = await letterIds()
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => world.rows('select inspect.redrive($1)', [id])),
    )
    expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
    expect(await world.one(`select count(*) as jobs from pgboss.job where state = 'created'`)).toEqual({ jobs: 1 })
    await expect(world.rows('select inspect.redrive($1)', [id])).rejects.toThrow(/redriven or discarded before/)
    await expect(world.rows('select inspect.redrive($1)', [newId()])).rejects.toThrow(/there is no dead letter/)
  })

  test('of overlapping sets at the same time makes each job once and never deadlocks', async () => {
    await world.die(Array.from({ length: 60 }, (_, n) => ({ n })))
    await Promise.all(
      Array.from({ length: 6 }, () => world.rows(`select * from inspect.redrive_matching(kind => 'test.act')`)),
    )
    expect(
      await world.one(
        `select count(*) as jobs, count(distinct data) as different from pgboss.job where state = 'created'`,
      ),
    ).toEqual({
      jobs: 60,
      different: 60,
    })
  })

  test('starts no more jobs a second than asked', async () => {
    await world.die(Array.from({ length: 9 }, (_, n) => ({ n })))
    const answer = await world.one<{ first_start_at: Date; last_start_at: Date }>(
      `select * from inspect.redrive_matching(kind => 'test.act', per_second => 2)`,
    )
    expect(answer).toMatchObject({ matching: 9, redriven: 9 })
    expect(answer.last_start_at.getTime() - answer.first_start_at.getTime()).toBe(4_000)
    const gaps = await world.rows(
      `select distinct extract(epoch from start_after - lag(start_after) over (order by start_after))::float8 as seconds
       from pgboss.job where state = 'created' order by 1`,
    )
    expect(gaps).toEqual([{ seconds: 0.5 }, { seconds: null }])
    await clock.advance(4)
    await world.work()
    expect(await world.effects()).toHaveLength(9)
  })

  test.each([
    ['kind', `kind => 'test.act'`, [1, 2, 3]],
    ['error class', `error_class => 'Permanent'`, [1, 2, 3]],
    ['error text in any case', `error_like => '%PARCEL%'`, [1, 2, 3]],
    ['another kind', `kind => 'test.wait'`, []],
    ['payload', `payload => '{"n": 2}'`, [2]],
    ['a time that is over', `failed_to => pgboss.job_now() - interval '1 hour'`, []],
    ['a time since', `failed_from => pgboss.job_now() - interval '1 hour'`, [1, 2, 3]],
    ['at most', `kind => 'test.act', max_jobs => 1`, [1]],
  ])('by %s takes those that match', async (_, filter, expected) => {
    for (const n of [1, 2, 3]) await world.die([{ n }])
    const preview = await world.rows(`select * from inspect.redrive_matching(${filter}, preview => true)`)
    expect(preview).toEqual(expected.length === 0 ? [] : [expect.objectContaining({ redriven: 0 })])
    expect(await world.one('select count(*) as open from dead_letters where redriven_at is null')).toEqual({ open: 3 })
    await world.rows(`select * from inspect.redrive_matching(${filter}, per_second => 1000)`)
    await clock.advance(1)
    await world.work()
    expect(await world.effects()).toEqual(expected)
  })

  test.each(['', `kind => 'x', per_second => 0`, `kind => 'x', per_second => null`, `kind => 'x', max_jobs => 0`])(
    'refuses redrive_matching(%s)',
    async args => {
      await expect(world.rows(`select * from inspect.redrive_matching(${args})`)).rejects.toThrow(
        /at least one filter|the limit is/,
      )
    },
  )

  test('leaves discarded letters and those of a queue that is gone alone', async () => {
    await world.die([{ n: 1 }, { n: 2 }])
    const [first, second] = await letterIds()
    await database.pool.query(
      `select * from inspect.discard_matching_as('admin', 'a', '{"ids": ["${first}"]}', 'a test order', 10, false)`,
    )
    await database.pool.query(`update dead_letters set kind = 'test.gone' where id = $1`, [second])
    await expect(world.rows('select inspect.redrive($1)', [first])).rejects.toThrow(/redriven or discarded before/)
    await expect(world.rows('select inspect.redrive($1)', [second])).rejects.toThrow(/queue is gone/)
    expect(
      await world.one(`select discarded_by, discard_reason from inspect.dead_letter where state = 'discarded'`),
    ).toEqual({
      discarded_by: 'admin:a',
      discard_reason: 'a test order',
    })
  })
})
