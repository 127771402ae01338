import { newId, timeOfId } from '../platform/ids.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { act, hold, type JobWorld, jobWorld, keyed, wait } from '../testing/jobs-in-every-state.ts'
import { superviseClaims } from './supervise.ts'

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let world: JobWorld

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  world = await jobWorld(database)
})
beforeEach(async () => {
  world.setBehaviour(() => undefined)
  // What the runtime has counted so far goes with the rest.
  await world.rt.meter.flush(database.db, 'earlier', new Date())
  await database.pool.query(`
    truncate effects, job_attempts, dead_letters, job_keys, job_minutes, workers, queue_pauses, operator_actions, orders, order_events;
    delete from pgboss.job`)
})
afterAll(async () => {
  await world.close()
  await database.close()
})

const one = async <T extends object>(text: string, values: unknown[] = []): Promise<T> => {
  const [row] = await world.rows<T>(text, values)
  if (row === undefined) throw new Error(`no row: ${text}`)
  return row
}
const actions = () =>
  world.rows('select action, actor_kind, actor_id, target, data from operator_actions order by at, id')

describe('what DBAs see', () => {
  beforeEach(() => world.fill())

  test('queue_depth counts what waits, runs and lies dead per kind', async () => {
    const depth = await world.rows(
      `select kind, queued, delayed, retrying, processing, dead from inspect.queue_depth where kind like 'test.%' order by kind`,
    )
    expect(depth).toEqual([
      { kind: act.kind, queued: 0, delayed: 0, retrying: 1, processing: 0, dead: 2 },
      { kind: hold.kind, queued: 0, delayed: 0, retrying: 0, processing: 1, dead: 0 },
      { kind: keyed.kind, queued: 0, delayed: 0, retrying: 0, processing: 0, dead: 0 },
      { kind: wait.kind, queued: 4, delayed: 2, retrying: 0, processing: 0, dead: 0 },
    ])
    await clock.advance(90)
    const { seconds } = await one<{ seconds: number }>(
      `select extract(epoch from oldest_age)::float8 as seconds from inspect.queue_depth where kind = 'test.wait'`,
    )
    expect(seconds).toBeGreaterThanOrEqual(90)
    expect(seconds).toBeLessThan(120)
  })

  test('job shows every job in one of seven states', async () => {
    const states = await world.rows('select state, count(*) as jobs from inspect.job group by 1 order by 1')
    expect(states).toEqual([
      { state: 'cancelled', jobs: 1 },
      { state: 'completed', jobs: 3 },
      { state: 'delayed', jobs: 2 },
      { state: 'failed', jobs: 2 },
      { state: 'processing', jobs: 1 },
      { state: 'queued', jobs: 4 },
      { state: 'retrying', jobs: 1 },
    ])
    const retrying = await one(`select attempts, attempts_left, error from inspect.job where state = 'retrying'`)
    expect(retrying).toEqual({ attempts: 1, attempts_left: 3, error: 'the gateway is away' })
  })

  test('job is read by its id alone through the primary key, and by a waiting state without the finished jobs', async () => {
    await database.pool.query(`
      insert into pgboss.job_common (id, name, state, completed_on, keep_until)
      select inspect.new_job_id(now() - n * interval '1 second'), 'test.act', 'completed', now(), now() from generate_series(1, 20000) n;
      analyze pgboss.job_common`)
    const plan = async (condition: string) =>
      (await world.rows<{ 'QUERY PLAN': string }>(`explain select * from inspect.job where ${condition}`))
        .map(row => row['QUERY PLAN'])
        .join('\n')
    for (const condition of [`id = '${newId()}'`, `state = 'queued'`, `state = 'processing'`]) {
      expect(await plan(condition)).not.toMatch(/Seq Scan on job_common/)
    }
  })

  test('job_attempt joins the failed attempts with the successful and the running ones', async () => {
    const outcomes = await world.rows('select outcome, count(*) as n from inspect.job_attempt group by 1 order by 1')
    expect(outcomes).toEqual([
      { outcome: 'completed', n: 3 },
      { outcome: 'dead', n: 2 },
      { outcome: 'retry', n: 1 },
      { outcome: 'running', n: 1 },
    ])
    const done = await world.rows(
      `select distinct worker_id, attempt from inspect.job_attempt where outcome = 'completed'`,
    )
    expect(done).toEqual([{ worker_id: world.rt.workerId, attempt: 1 }])
  })

  test('dead_letter shows the error and its state', async () => {
    const letters = await world.rows('select kind, state, error_class, error, attempts from inspect.dead_letter')
    const letter = {
      kind: act.kind,
      state: 'open',
      error_class: 'Permanent',
      error: 'the parcel is broken',
      attempts: 1,
    }
    expect(letters).toEqual([letter, letter])
  })

  test('throughput_minute adds up what all workers flushed', async () => {
    const now = (await one<{ now: Date }>('select pgboss.job_now() as now')).now
    await world.rt.meter.flush(database.db, 'worker-1', now)
    world.rt.meter.completed(act.kind, 7, 70)
    await world.rt.meter.flush(database.db, 'worker-2', now)
    const minute = await one<{ completed: number; workers: number; dead: number }>(
      `select sum(completed)::int as completed, max(workers) as workers, sum(dead)::int as dead
       from inspect.throughput_minute where kind = 'test.act' and minute > $1::timestamptz - interval '2 minutes'`,
      [now],
    )
    expect(minute).toEqual({ completed: 10, workers: 2, dead: 2 })
  })

  test('stuck_job names the silent worker, the kind that nobody works and the job that waits too long', async () => {
    expect(await world.rows('select * from inspect.stuck_job')).toEqual([])
    await clock.advance(30)
    const why = () =>
      world.rows<{ kind: string; why: string }>('select distinct kind, why from inspect.stuck_job order by 1, 2')
    expect(await why()).toEqual([
      { kind: act.kind, why: 'no living worker works this kind' },
      { kind: hold.kind, why: 'its worker is silent' },
      { kind: wait.kind, why: 'no living worker works this kind' },
    ])
    await database.pool.query(
      `insert into workers (id, host, pid, kinds, started_at, last_seen)
       values ('w', 'h', 1, '{test.act,test.wait}', pgboss.job_now(), pgboss.job_now() + interval '1 hour')`,
    )
    await superviseClaims(world.rt)
    expect(await why()).toEqual([])
    await clock.advance(60)
    expect(await why()).toContainEqual({ kind: wait.kind, why: 'due for more than a minute' })
    await database.pool.query(`select inspect.pause_queue('test.wait', 'looking into it')`)
    expect((await why()).map(row => row.kind)).not.toContain(wait.kind)
  })

  test('bloat and xmin_blocker name tables and the session that keeps vacuum away', async () => {
    await database.pool.query('analyze pgboss.job_common')
    expect(await world.rows(`select live_rows from inspect.bloat where table_name = 'pgboss.job_common'`)).toHaveLength(
      1,
    )
    const session = await database.pool.connect()
    try {
      await session.query('begin isolation level repeatable read; select 1 as forgotten')
      const { rows } = await session.query('select pg_backend_pid() as pid')
      const blocker = await one('select source, state, query, remedy from inspect.xmin_blocker where pid = $1', [
        rows[0].pid,
      ])
      expect(blocker).toMatchObject({
        source: 'session',
        state: 'idle in transaction',
        remedy: `select pg_terminate_backend(${rows[0].pid})`,
      })
    } finally {
      await session.query('rollback')
      session.release()
    }
  })
})

describe('what DBAs see of orders', () => {
  const insertOrder = async (deadline: string, queued: string | null): Promise<string> => {
    const id = newId()
    await database.pool.query(
      `insert into orders (id, flow, status, currency, deadline_at, deadline_queued_at, created_at, updated_at)
       values ($1, 'parcel', 'packed', 'IDR', pgboss.job_now() + $2::interval, pgboss.job_now() + $3::interval,
               pgboss.job_now() - interval '1 hour', pgboss.job_now())`,
      [id, deadline, queued],
    )
    return id
  }

  test('order_deadline_due lists what is overdue, and finds the dead letter that holds an order up', async () => {
    await insertOrder('1 hour', null)
    const unswept = await insertOrder('-10 minutes', null)
    const queued = await insertOrder('-10 minutes', '-5 minutes')
    const stranded = await insertOrder('-10 minutes', '-5 minutes')
    await world.die([{ n: 1, orderIds: [stranded] }])
    const due = await world.rows<{ order_id: string; why: string; dead_letter_id: string | null }>(
      'select order_id, why, dead_letter_id from inspect.order_deadline_due',
    )
    const by = new Map(due.map(row => [row.order_id, row]))
    expect([...by.keys()].sort()).toEqual([unswept, queued, stranded].sort())
    expect(by.get(unswept)?.why).toBe('waits for the sweep')
    expect(by.get(queued)?.why).toBe('its job is queued: inspect.order_timeline(order_id)')
    expect(by.get(stranded)?.why).toBe('its job died: inspect.redrive(dead_letter_id)')
    const letter = await one<{ id: string }>('select id from dead_letters')
    expect(by.get(stranded)?.dead_letter_id).toBe(letter.id)
  })

  test('order_timeline tells events, jobs, attempts, death and redrive of one order in their order', async () => {
    const id = await insertOrder('1 hour', null)
    const other = await insertOrder('1 hour', null)
    await database.pool.query(
      `insert into order_events (order_id, version, transition, status, actor_kind, created_at)
       values ($1, 1, 'create', 'packed', 'guest', pgboss.job_now() - interval '1 hour'), ($2, 1, 'create', 'packed', 'guest', pgboss.job_now())`,
      [id, other],
    )
    await world.enqueue(act, [
      { n: 1, orderId: id },
      { n: 2, orderId: other },
    ])
    await world.work()
    await world.die([{ n: 3, orderIds: [id] }])
    await database.pool.query('select inspect.redrive(id) from dead_letters')
    await world.work()
    const lines = await world.rows<{ what: string; name: string; outcome: string }>(
      'select what, name, outcome from inspect.order_timeline($1)',
      [id],
    )
    expect(lines[0]).toEqual({ what: 'event', name: 'create', outcome: 'packed' })
    expect(lines.map(({ what, outcome }) => `${what} ${outcome}`).sort()).toEqual([
      'attempt completed',
      'attempt completed',
      'attempt dead',
      'dead letter Permanent',
      'event packed',
      'job completed',
      'job completed',
      'job failed',
      'redrive new job',
    ])
  })

  test('stock_ledger: free, held and committed pieces add up to what was put in', async () => {
    const item = newId()
    await database.pool.query(
      `insert into stock_items (id, stock, updated_at) values ('${item}', 5, now()), ('${newId()}', null, now());
       insert into stock_reservations (order_id, item_id, quantity, state, created_at)
       values ('${newId()}', '${item}', 2, 'held', now()), ('${newId()}', '${item}', 3, 'committed', now()), ('${newId()}', '${item}', 9, 'released', now())`,
    )
    expect(
      await one('select free, held, committed, initial from inspect.stock_ledger where item_id = $1', [item]),
    ).toEqual({
      free: 5,
      held: 2,
      committed: 3,
      initial: 10,
    })
    expect(await one('select unlimited, initial from inspect.stock_ledger where item_id <> $1', [item])).toEqual({
      unlimited: true,
      initial: null,
    })
  })
})

describe('ids of jobs made in SQL', () => {
  test('are UUID v7 of the due time, not before the first id of that time', async () => {
    const at = new Date('2026-11-20T08:00:00.123Z')
    const { id, first } = await one<{ id: string; first: string }>(
      'select inspect.new_job_id($1) as id, inspect.first_job_id($1) as first',
      [at],
    )
    expect(timeOfId(id)).toBe(at.getTime())
    expect(first < id && first <= newId(at)).toBe(true)
    expect(first > newId(new Date(at.getTime() - 1))).toBe(true)
  })
})

describe('redrive', () => {
  const letterIds = async () =>
    (await world.rows<{ id: string }>("select id from dead_letters order by payload->>'n'")).map(row => row.id)

  test('makes a new job with the settings of the queue, which completes after the fix', async () => {
    await world.die([{ n: 1 }])
    expect(await world.effects()).toEqual([])
    const [id] = await letterIds()
    const { redrive } = await one<{ redrive: string }>('select inspect.redrive($1)', [id])
    const made = await one(
      'select retry_limit, retry_delay, expire_seconds, heartbeat_seconds, dead_letter, priority, policy from pgboss.job where id = $1',
      [redrive],
    )
    const born = await one(
      `select retry_limit, retry_delay, expire_seconds, heartbeat_seconds, q.dead_letter, 10 as priority, policy from pgboss.queue q where name = 'test.act'`,
    )
    expect(made).toEqual(born)
    await world.work()
    expect(await world.effects()).toEqual([1])
    expect(await one('select state, redriven_by, redriven_as from inspect.dead_letter')).toEqual({
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
    expect(await one(`select count(*) as jobs from pgboss.job where state = 'created'`)).toEqual({ jobs: 1 })
    await expect(world.rows('select inspect.redrive($1)', [id])).rejects.toThrow(/redriven or discarded before/)
    await expect(world.rows('select inspect.redrive($1)', [newId()])).rejects.toThrow(/there is no dead letter/)
  })

  test('of overlapping sets at the same time makes each job once and never deadlocks', async () => {
    await world.die(Array.from({ length: 60 }, (_, n) => ({ n })))
    await Promise.all(
      Array.from({ length: 6 }, () => world.rows(`select * from inspect.redrive_matching(kind => 'test.act')`)),
    )
    expect(
      await one(`select count(*) as jobs, count(distinct data) as different from pgboss.job where state = 'created'`),
    ).toEqual({
      jobs: 60,
      different: 60,
    })
  })

  test('starts no more jobs a second than asked', async () => {
    await world.die(Array.from({ length: 9 }, (_, n) => ({ n })))
    const answer = await one<{ first_start_at: Date; last_start_at: Date }>(
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
    expect(await one('select count(*) as open from dead_letters where redriven_at is null')).toEqual({ open: 3 })
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
    expect(await one(`select discarded_by, discard_reason from inspect.dead_letter where state = 'discarded'`)).toEqual(
      {
        discarded_by: 'admin:a',
        discard_reason: 'a test order',
      },
    )
  })
})

describe('pause, resume and cancel', () => {
  test('a pause holds a kind back until it is resumed, and both are on record', async () => {
    await world.enqueue(act, [{ n: 1 }])
    await database.pool.query(`select inspect.pause_queue('test.act', 'the gateway is away')`)
    await world.work()
    expect(await world.effects()).toEqual([])
    expect(
      await one(`select paused, pause_reason, paused_by from inspect.queue_depth where kind = 'test.act'`),
    ).toEqual({
      paused: true,
      pause_reason: 'the gateway is away',
      paused_by: 'dba:postgres',
    })
    expect(await one(`select inspect.resume_queue('test.act')`)).toEqual({ resume_queue: true })
    expect(await one(`select inspect.resume_queue('test.act')`)).toEqual({ resume_queue: false })
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
    const { id } = await one<{ id: string }>(`select id from pgboss.job where name = 'test.keyed'`)
    expect(await one('select inspect.cancel_job($1)', [id])).toEqual({ cancel_job: 'queued' })
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
    expect(await one('select inspect.cancel_job($1)', [job?.id])).toEqual({ cancel_job: 'processing' })
    const settled = await world.rt.boss.complete(hold.kind, job?.id ?? '')
    expect(settled).toMatchObject({ affected: 0 })
    expect(await world.rows('select outcome, error from inspect.job_attempt')).toEqual([
      { outcome: 'lost', error: 'cancelled by dba:postgres' },
    ])
  })
})
