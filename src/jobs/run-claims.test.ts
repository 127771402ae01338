import { sql } from 'kysely'
import { z } from 'zod'
import { systemActor } from '../platform/actor.ts'
import { defineJob, inTx, type JobContract, type JobHandler, outside, Permanent, Snooze } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { runBatch } from './run-claims.ts'

const payload = z.strictObject({ n: z.number() })
const add = defineJob('test.add', { payload, batch: 200 })
const set = defineJob('test.set', {
  payload: z.strictObject({ ids: z.array(z.number()) }),
  split: job => job.ids.map(id => ({ ids: [id] })),
})
const call = defineJob('test.call', { payload, slots: 4 })
const keyed = defineJob('test.keyed', { payload, key: job => `k${job.n}` })

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let rt: Awaited<ReturnType<typeof testRuntime>>
/** What the handlers do with an `n`; tests set it. */
let behave: (n: number) => void = () => undefined
const dead: number[] = []

const handlers: JobHandler<never>[] = [
  inTx(
    add,
    async (tx, jobs) => {
      for (const { n } of jobs) {
        await sql`insert into effects (n) values (${n})`.execute(tx.db)
        behave(n)
      }
    },
    { onDead: async (_tx, job) => void dead.push(job.n) },
  ),
  inTx(set, async (tx, jobs) => {
    for (const id of jobs.flatMap(job => job.ids)) {
      await sql`insert into effects (n) values (${id})`.execute(tx.db)
      behave(id)
    }
  }),
  outside(call, async (_deps: object, job, run) => {
    behave(job.n)
    await run.complete(async tx => void (await sql`insert into effects (n) values (${job.n})`.execute(tx.db)))
  }),
  inTx(keyed, async (tx, jobs) => {
    for (const { n } of jobs) await sql`insert into effects (n) values (${n})`.execute(tx.db)
  }),
]

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  await database.pool.query('create table effects (n int not null, at timestamptz default clock_timestamp())')
  rt = await testRuntime(database, handlers)
})

beforeEach(async () => {
  behave = () => undefined
  dead.length = 0
  await database.pool.query('truncate effects, job_attempts, dead_letters, job_keys; delete from pgboss.job')
})

afterAll(async () => {
  await rt.close()
  await database.close()
})

async function enqueue<P>(job: JobContract<P>, payloads: P[]): Promise<void> {
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(job, payloads))
}
const effects = async (): Promise<number[]> =>
  (await database.pool.query('select n from effects order by n')).rows.map(row => row.n)
const states = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await database.pool.query('select state::text, count(*) as n from pgboss.job group by 1')).rows.map(r => [
      r.state,
      r.n,
    ]),
  )
const outcomes = async (): Promise<string[]> =>
  (await database.pool.query('select outcome from job_attempts order by ended_at, outcome')).rows.map(r => r.outcome)

test('a transaction that rolls back leaves no job', async () => {
  const failing = inTransaction(rt, systemActor('test'), async tx => {
    await tx.enqueue(add, [{ n: 1 }])
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await states()).toEqual({})
})

test('a poison job among 200 is alone: 199 are done at once, it retries after 5 s, 30 s, 5 min and dies with its history', async () => {
  behave = n => {
    if (n === 77) throw new TypeError('poison')
  }
  await enqueue(
    add,
    Array.from({ length: 200 }, (_, n) => ({ n })),
  )
  await drain(rt)
  expect((await effects()).length).toBe(199)
  expect(await states()).toEqual({ completed: 199, retry: 1 })
  for (const seconds of [5, 30, 300]) {
    await clock.advance(seconds - 2)
    expect(await drain(rt)).toBe(0)
    await clock.advance(3)
    expect(await drain(rt)).toBe(1)
  }
  expect(await states()).toEqual({ completed: 199, failed: 1 })
  expect(await outcomes()).toEqual(['retry', 'retry', 'retry', 'dead'])
  const { rows } = await database.pool.query('select * from dead_letters')
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ kind: 'test.add', payload: { n: 77 }, attempts: 4, error_class: 'TypeError' })
  expect(rows[0].error).toMatchObject({ message: 'poison', stack: expect.stringContaining('TypeError: poison') })
  expect(dead).toEqual([77])
  expect(await effects()).not.toContain(77)
})

test('Permanent dies at once, and so does a payload that breaks the contract', async () => {
  behave = n => {
    if (n === 1) throw new Permanent('never')
  }
  await enqueue(add, [{ n: 1 }, { n: 2 }])
  await rt.boss.insert('test.add', [{ data: { wrong: true } }])
  await drain(rt)
  expect(await effects()).toEqual([2])
  const { rows } = await database.pool.query('select payload, error from dead_letters order by payload::text')
  expect(rows.map(row => row.payload)).toEqual([{ n: 1 }, { wrong: true }])
  expect(rows[1].error.message).toContain('payload of test.add is invalid')
})

test('Snooze comes back later and never uses an attempt', async () => {
  let snoozes = 0
  behave = () => {
    if (snoozes++ < 6) throw new Snooze(60)
  }
  await enqueue(call, [{ n: 5 }])
  for (let round = 0; round < 7; round++) {
    await drain(rt)
    await clock.advance(61)
  }
  expect(await effects()).toEqual([5])
  expect(await states()).toEqual({ completed: 1 })
  expect(await outcomes()).toEqual(new Array(6).fill('snoozed'))
})

test('a snoozed job still has its whole curve', async () => {
  let runs = 0
  behave = () => {
    runs++
    if (runs <= 2) throw new Snooze(1)
    throw new Error('down')
  }
  await enqueue(call, [{ n: 1 }])
  for (let round = 0; round < 8; round++) {
    await drain(rt)
    await clock.advance(301)
  }
  expect(await outcomes()).toEqual(['snoozed', 'snoozed', 'retry', 'retry', 'retry', 'dead'])
})

test('a failed set is replaced by jobs of one member each, and only the bad one is retried', async () => {
  behave = n => {
    if (n === 3) throw new Error('bad member')
  }
  await enqueue(set, [{ ids: [1, 2, 3, 4] }])
  await drain(rt)
  expect(await effects()).toEqual([1, 2, 4])
  expect(await states()).toEqual({ completed: 4, retry: 1 })
  expect(await outcomes()).toEqual(['split', 'retry'])
})

test('one queued job per key; a claimed key can be queued again', async () => {
  await enqueue(keyed, [{ n: 1 }, { n: 1 }, { n: 2 }])
  await enqueue(keyed, [{ n: 1 }])
  await drain(rt)
  expect(await effects()).toEqual([1, 2])
  await enqueue(keyed, [{ n: 1 }])
  await drain(rt)
  expect(await effects()).toEqual([1, 1, 2])
  expect((await database.pool.query('select * from job_keys')).rows).toEqual([])
})

test('of two attempts of one job exactly one commits', async () => {
  await enqueue(add, [{ n: 9 }])
  const [job] = await rt.boss.fetch<{ n: number }>('test.add')
  const handler = rt.handlers.get('test.add')
  if (job === undefined || handler?.mode !== 'inTx') throw new Error('no job')
  const claim = {
    id: job.id,
    kind: 'test.add',
    data: job.data,
    retryCount: 0,
    startedAt: Date.now(),
    abort: new AbortController(),
  }
  await Promise.all([runBatch(rt, handler, [claim]), runBatch(rt, handler, [claim])])
  expect(await effects()).toEqual([9])
  expect(await states()).toEqual({ completed: 1 })
  expect(await outcomes()).toEqual([])
})

test('jobs that pg-boss itself failed for good are recorded once, with their hook', async () => {
  await enqueue(add, [{ n: 8 }])
  const [job] = await rt.boss.fetch('test.add')
  await database.pool.query(`update pgboss.job set retry_limit = 0 where id = $1`, [job?.id])
  await rt.boss.fail('test.add', job?.id ?? '', { message: 'by hand' })
  await drain(rt)
  await rt.boss.insert('dead', [{ data: {} }])
  await drain(rt)
  const { rows } = await database.pool.query('select kind, payload, error from dead_letters')
  expect(rows).toMatchObject([{ kind: 'test.add', payload: { n: 8 }, error: { message: 'by hand' } }])
  expect(dead).toEqual([8])
})
