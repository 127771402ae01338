import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { z } from 'zod'
import { systemActor } from '../platform/actor.ts'
import { defineJob, type EnqueueOptions, inTx, type JobContract, type JobHandler, outside } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'
import { startWorker } from './start-worker.ts'
import { superviseClaims } from './supervise.ts'

type Behaviour = (n: number, batch: number) => Promise<void>

const payload = z.strictObject({ n: z.number() })
const slow = defineJob('hard.slow', { payload, batch: 50, slots: 1 })
const short = defineJob('hard.short', { payload, batch: 50, slots: 1, timeoutSeconds: 1 })
const pair = defineJob('hard.pair', { payload, batch: 50, slots: 2 })
const call = defineJob('hard.call', { payload, slots: 4 })

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>
/** What a job does beside its effect; tests set it. */
let behave: Behaviour

const recorded = (contract: JobContract<{ n: number }>) =>
  inTx(contract, async (tx, jobs) => {
    for (const { n } of jobs) {
      await sql`insert into effects (n) values (${n})`.execute(tx.db)
      await behave(n, jobs.length)
    }
  })
const handlers: readonly JobHandler<never>[] = [
  ...[slow, short, pair].map(recorded),
  outside(call, async (_deps: object, job, run) => {
    await behave(job.n, 1)
    await run.complete(async tx => void (await sql`insert into effects (n) values (${job.n})`.execute(tx.db)))
  }),
]

beforeEach(async () => {
  behave = async () => undefined
  database = await testDatabase()
  await database.pool.query('create table effects (n int not null)')
  rt = await testRuntime(database, handlers)
})
afterEach(async () => {
  await rt.close()
  await database.close()
})

const enqueue = (job: JobContract<{ n: number }>, numbers: number[], options: EnqueueOptions = {}) => {
  const payloads = numbers.map(n => ({ n }))
  return inTransaction(rt, systemActor('test'), tx => tx.enqueue(job, payloads, options))
}
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)
const effects = async (): Promise<number[]> =>
  (await database.pool.query('select n from effects order by n')).rows.map(row => row.n)
const countOf = async (condition: string): Promise<number> =>
  (await database.pool.query(`select count(*) as n from pgboss.job where ${condition}`)).rows[0].n
const outcomes = async (): Promise<string[]> =>
  (await database.pool.query('select distinct outcome from job_attempts order by 1')).rows.map(row => row.outcome)

test('SIGTERM while a failed batch runs job by job hands back those that had no turn, without an attempt', async () => {
  behave = async (n, batch) => {
    if (n === 8) throw new Error('poison')
    if (batch === 1 && n > 3) await sleep(400)
  }
  await enqueue(slow, upTo(16))
  const worker = startWorker(rt, handlers, database.url)
  await until(async () => (await countOf(`state = 'active'`)) >= 3)
  await worker.stop(0.1)
  expect(await countOf(`state = 'active'`)).toBe(0)
  expect(await outcomes()).not.toContain('lost')
  expect(await countOf(`state = 'created' and retry_limit - retry_count < 3`)).toBe(0)
}, 30_000)

test('one locked row does not stop the recovery of the others', async () => {
  const clock = await testClock(database)
  await enqueue(call, [1, 2])
  const [first] = await rt.boss.fetch(call.kind, { batchSize: 2 })
  await clock.advance(30)
  const client = await database.pool.connect()
  try {
    await client.query('begin')
    await client.query('select 1 from pgboss.job where id = $1 for update', [first?.id])
    await until(async () => (await superviseClaims(rt)) === 1)
    expect(await countOf(`state = 'active'`)).toBe(1)
  } finally {
    await client.query('rollback')
    client.release()
  }
  await until(async () => (await superviseClaims(rt)) === 1)
  expect(await countOf(`state = 'retry'`)).toBe(2)
}, 30_000)

test('a handler that hangs loses its transaction; its neighbours are done and only it goes back on the curve', async () => {
  const gate = Promise.withResolvers<void>()
  behave = async n => {
    if (n === 3) await gate.promise
  }
  await enqueue(short, upTo(7))
  const worker = startWorker(rt, handlers, database.url)
  try {
    await until(async () => (await effects()).length === 6, 25_000)
    expect(await effects()).toEqual([1, 2, 4, 5, 6, 7])
    await until(async () => (await countOf(`state = 'retry' and (data ->> 'n')::int = 3`)) === 1, 10_000)
    await until(async () => {
      const { rows } = await database.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
      )
      return rows.length === 0
    }, 10_000)
  } finally {
    gate.resolve()
    await worker.stop(1)
  }
}, 60_000)

test('neighbours of a poison job that wait for their turn lose no attempt to the supervisor', async () => {
  behave = async (n, batch) => {
    if (n === 4) throw new Error('poison')
    if (batch === 1) await sleep(500)
  }
  await enqueue(short, upTo(20))
  const worker = startWorker(rt, handlers, database.url)
  try {
    await until(async () => (await effects()).length === 19, 30_000)
    expect(await outcomes()).toEqual(['retry'])
  } finally {
    await worker.stop(1)
  }
}, 60_000)

test('a job that falls due while another batch of its kind runs does not wait for it', async () => {
  const gate = Promise.withResolvers<void>()
  const begun: number[] = []
  behave = async n => {
    begun.push(n)
    if (n === 1) await gate.promise
  }
  await enqueue(pair, [1])
  const worker = startWorker(rt, handlers, database.url)
  try {
    await until(() => begun.includes(1))
    await enqueue(pair, [2], { startAfter: new Date(Date.now() + 1_500) })
    await until(() => begun.includes(2))
    expect(await effects()).not.toContain(1)
  } finally {
    gate.resolve()
    await worker.stop(5)
  }
}, 30_000)
