import { z } from 'zod'
import { systemActor } from '../platform/actor.ts'
import { defineJob, inTx, type JobHandler } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'
import { startWorker, type Worker } from './start-worker.ts'

const payload = z.strictObject({ n: z.number() })
const count = defineJob('test.count', { payload, batch: 100 })
const other = defineJob('test.other', { payload, priority: 'high' })
const seen: number[] = []
const batches: number[] = []
const handlers: readonly JobHandler<never>[] = [
  inTx(count, async (tx, jobs) => {
    tx.afterCommit(() => {
      batches.push(jobs.length)
      seen.push(...jobs.map(job => job.n))
    })
  }),
  inTx(other, async (tx, jobs) => tx.afterCommit(() => void seen.push(...jobs.map(job => job.n)))),
]

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>
let worker: Worker

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, handlers)
  worker = startWorker(rt, handlers, database.url)
})
beforeEach(() => {
  seen.length = 0
  batches.length = 0
})
afterAll(async () => {
  await worker.stop(5)
  await rt.close()
  await database.close()
})

const enqueue = (numbers: number[]) =>
  inTransaction(rt, systemActor('test'), tx =>
    tx.enqueue(
      count,
      numbers.map(n => ({ n })),
    ),
  )

test('a worker runs what is enqueued, each job once, in batches that grow', async () => {
  await enqueue(Array.from({ length: 2_000 }, (_, n) => n))
  await until(() => seen.length >= 2_000)
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
  expect(Math.max(...batches)).toBeGreaterThan(Math.min(...batches))
  const { rows } = await database.pool.query(
    `select distinct output->>'worker' as worker from pgboss.job where name = 'test.count'`,
  )
  expect(rows).toEqual([{ worker: worker.id }])
})

test('jobs without a wake-up are found by the look: a row that somebody inserted by SQL', async () => {
  await rt.boss.insert('test.count', [{ data: { n: 7 } }])
  await until(() => seen.includes(7))
  expect(seen).toEqual([7])
})

test('a paused kind is not taken, by NOTIFY neither, while others run; resumed it goes on', async () => {
  await database.pool.query(
    `insert into queue_pauses (kind, reason, paused_by, paused_at) values ('test.count', 'maintenance', 'test', now())`,
  )
  // The look has seen the pause when a job of the paused kind stays queued while one of the other kind ran after it.
  let probe = 100
  await until(async () => {
    probe += 1
    await enqueue([probe])
    await inTransaction(rt, systemActor('test'), tx => tx.enqueue(other, [{ n: -probe }]))
    await until(() => seen.includes(-probe))
    const { rows } = await database.pool.query(
      `select 1 from pgboss.job where name = 'test.count' and state = 'created'`,
    )
    return rows.length > 0 && !seen.includes(probe)
  })
  await database.pool.query('delete from queue_pauses')
  await until(() => seen.includes(probe))
})

test('the worker reports itself and what it did', async () => {
  await until(async () => {
    const { rows } = await database.pool.query('select processed, kinds from workers where id = $1', [worker.id])
    return rows[0]?.processed >= 2_001 && rows[0].kinds.includes('test.count')
  })
  const { rows } = await database.pool.query(
    `select sum(completed) as done, sum((select sum(w) from unnest(wait_histogram) w)) as waits from job_minutes where kind = 'test.count'`,
  )
  expect(Number(rows[0].done)).toBeGreaterThanOrEqual(2_001)
  expect(Number(rows[0].waits)).toBeGreaterThanOrEqual(2_001)
})
