import { sql } from 'kysely'
import { z } from 'zod'
import { systemActor } from '../platform/actor.ts'
import { defineJob, inTx, type JobContract, type JobHandler, outside } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'
import { runOutside } from './run-claims.ts'
import { superviseClaims } from './supervise.ts'

const payload = z.strictObject({ n: z.number() })
const add = defineJob('test.add', { payload })
const call = defineJob('test.call', { payload })
const dead: number[] = []

const handlers: JobHandler<never>[] = [
  inTx(add, async () => undefined, { onDead: async (_tx, job) => void dead.push(job.n) }),
  outside(call, async (_deps: object, job, run) => {
    await run.complete(async tx => void (await sql`insert into effects (n) values (${job.n})`.execute(tx.db)))
  }),
]

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let rt: Awaited<ReturnType<typeof testRuntime>>

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  await database.pool.query('create table effects (n int not null)')
  rt = await testRuntime(database, handlers)
})
afterAll(async () => {
  await rt?.close()
  await database?.close()
})
beforeEach(async () => {
  dead.length = 0
  await database.pool.query('truncate effects, job_attempts, dead_letters; delete from pgboss.job')
})

async function enqueue<P>(job: JobContract<P>, payloads: P[]): Promise<void> {
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(job, payloads))
}
/** Asked again while it leaves claims alone, as it does when the server has only just started. */
const superviseOne = () => until(async () => (await superviseClaims(rt)) === 1)
const effects = async (): Promise<number[]> =>
  (await database.pool.query('select n from effects order by n')).rows.map(row => row.n)
const outcomes = async (): Promise<string[]> =>
  (await database.pool.query('select outcome from job_attempts order by ended_at, outcome')).rows.map(r => r.outcome)

test('a job that outlives its timeout goes back on the curve, and what it still does is rolled back', async () => {
  await enqueue(call, [{ n: 4 }])
  const [job] = await rt.boss.fetch<{ n: number }>('test.call')
  await clock.advance(70)
  // The heartbeat lapsed as well: the job starts at once.
  await superviseOne()
  expect(await outcomes()).toEqual(['lost'])
  const handler = rt.handlers.get('test.call')
  if (job === undefined || handler?.mode !== 'outside') throw new Error('no job')
  await runOutside(rt, handler, {
    id: job.id,
    kind: 'test.call',
    data: job.data,
    retryCount: 0,
    startedAt: 0,
    abort: new AbortController(),
  })
  expect(await effects()).toEqual([])
  await drain(rt)
  expect(await effects()).toEqual([4])
})

test('a job lost four times dies', async () => {
  await enqueue(add, [{ n: 6 }])
  for (let attempt = 0; attempt < 4; attempt++) {
    expect(await rt.boss.fetch('test.add')).toHaveLength(1)
    await clock.advance(11)
    await superviseOne()
  }
  expect(await outcomes()).toEqual(['lost', 'lost', 'lost', 'dead'])
  expect((await database.pool.query('select attempts, error_class from dead_letters')).rows).toEqual([
    { attempts: 4, error_class: 'WorkerLost' },
  ])
  expect(dead).toEqual([6])
  await rt.meter.flush(rt.db, rt.workerId, new Date())
  const { rows: counted } = await database.pool.query(
    `select sum(dead)::int as dead from job_minutes where kind = 'test.add'`,
  )
  expect(counted).toEqual([{ dead: 1 }])
})
