import { newId } from '../../platform/ids.ts'
import { testClock } from '../../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { act, hold, type JobWorld, jobWorld, keyed, wait } from '../../testing/jobs-in-every-state.ts'
import { superviseClaims } from '../supervise.ts'

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
    const { seconds } = await world.one<{ seconds: number }>(
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
    const retrying = await world.one(`select attempts, attempts_left, error from inspect.job where state = 'retrying'`)
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
    const now = (await world.one<{ now: Date }>('select pgboss.job_now() as now')).now
    await world.rt.meter.flush(database.db, 'worker-1', now)
    world.rt.meter.completed(act.kind, 7, 70)
    await world.rt.meter.flush(database.db, 'worker-2', now)
    const minute = await world.one<{ completed: number; workers: number; dead: number }>(
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
      const blocker = await world.one('select source, state, query, remedy from inspect.xmin_blocker where pid = $1', [
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
