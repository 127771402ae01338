import { once } from 'node:events'
import { systemActor } from '../platform/actor.ts'
import { outside } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { crashHandlers, waitOutside } from '../testing/crash-jobs.ts'
import { kill9, spawnWorker } from '../testing/crash-run.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'
import { startWorker } from './start-worker.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
  await database.pool.query('create table crash_effects (kind text, n int)')
})
afterEach(() => database.close())

const jobRow = async () =>
  (
    await database.pool.query(`select state, retry_count, retry_limit from pgboss.job where name = $1`, [
      waitOutside.kind,
    ])
  ).rows[0]
const outcomes = async () =>
  (await database.pool.query('select outcome from job_attempts')).rows.map(row => row.outcome)

async function enqueueWaiting(): Promise<void> {
  const rt = await testRuntime(database, crashHandlers)
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(waitOutside, [{ n: 1 }]))
  await rt.close()
}

test('SIGTERM hands a job that waits for the outside to another worker without using an attempt', async () => {
  await enqueueWaiting()
  const first = await spawnWorker(database.url, { GRACE_SECONDS: '0.2', WAIT_MS: '60000' })
  await until(async () => (await jobRow()).state === 'active')
  const { retry_limit: limit } = await jobRow()
  first.kill('SIGTERM')
  const [code] = await once(first, 'exit')
  expect(code).toBe(0)
  const row = await jobRow()
  expect(row.state).toBe('created')
  expect(row.retry_limit).toBe(limit + 1)
  expect(await outcomes()).toEqual(['handed_back'])
  const { rows } = await database.pool.query('select stopped_at is not null as stopped, running from workers')
  expect(rows).toEqual([{ stopped: true, running: 0 }])

  const second = await spawnWorker(database.url, { WAIT_MS: '10' })
  try {
    await until(async () => (await jobRow()).state === 'completed')
    expect((await database.pool.query('select count(*) as n from crash_effects')).rows[0].n).toBe(1)
    expect(await outcomes()).toEqual(['handed_back'])
  } finally {
    await kill9(second)
  }
})

test('SIGTERM lets a job finish that ends within the grace period', async () => {
  await enqueueWaiting()
  const worker = await spawnWorker(database.url, { GRACE_SECONDS: '20', WAIT_MS: '1500' })
  await until(async () => (await jobRow()).state === 'active')
  worker.kill('SIGTERM')
  const [code] = await once(worker, 'exit')
  expect(code).toBe(0)
  expect((await jobRow()).state).toBe('completed')
  expect(await outcomes()).toEqual([])
})

test('a cancelled running job hears of it and its effects are rolled back', async () => {
  await enqueueWaiting()
  const worker = await spawnWorker(database.url, { WAIT_MS: '60000' })
  try {
    await until(async () => (await jobRow()).state === 'active')
    await database.pool.query(`select inspect.cancel_job(id) from pgboss.job where name = $1`, [waitOutside.kind])
    expect((await jobRow()).state).toBe('cancelled')
    await until(async () => (await database.pool.query('select running from workers')).rows[0]?.running === 0)
    expect((await database.pool.query('select count(*) as n from crash_effects')).rows[0].n).toBe(0)
    expect((await jobRow()).state).toBe('cancelled')
  } finally {
    await kill9(worker)
  }
}, 60_000)

test('a job whose fetch was under way at the stop is run before the worker is gone', async () => {
  const done: number[] = []
  const handler = outside(waitOutside, async (_deps: object, job) => void done.push(job.n))
  const rt = await testRuntime(database, [handler])
  const taken = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const ask = rt.boss.fetch.bind(rt.boss)
  const fetch = async (...given: Parameters<typeof ask>) => {
    const jobs = await ask(...given)
    if (jobs.length === 0) return jobs
    taken.resolve()
    await answer.promise
    return jobs
  }
  Object.assign(rt.boss, { fetch })
  const worker = startWorker(rt, [handler], database.url)
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(waitOutside, [{ n: 7 }]))
  await taken.promise
  const stopped = worker.stop(10)
  // From here on the stop waits only for what it knows to run.
  await until(async () => !(await isListening()))
  answer.resolve()
  await stopped
  const { state } = await jobRow()
  await rt.close()
  expect([done, state]).toEqual([[7], 'completed'])
})

async function isListening(): Promise<boolean> {
  const { rows } = await database.pool.query(
    `select from pg_stat_activity where datname = current_database() and query like 'listen%'`,
  )
  return rows.length > 0
}
