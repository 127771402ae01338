import { sql } from 'kysely'
import { z } from 'zod'
import { systemActor } from '../platform/actor.ts'
import { defineJob, type EnqueueOptions, inTx, type JobHandler } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'

const payload = z.strictObject({ n: z.number() })
const single = defineJob('test.single', { payload, batch: 1 })
const keyed = defineJob('test.keyed', { payload, key: job => `k${job.n}` })
const homeless = defineJob('test.homeless', { payload })
const seen: number[] = []
const handlers: readonly JobHandler<never>[] = [
  inTx(single, async (tx, jobs) => tx.afterCommit(() => void seen.push(...jobs.map(job => job.n)))),
  inTx(keyed, async tx => {
    const { rows } = await sql<{ n: number }>`select n from wanted`.execute(tx.db)
    seen.push(...rows.map(row => row.n))
  }),
]

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let rt: Awaited<ReturnType<typeof testRuntime>>

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  rt = await testRuntime(database, handlers)
})
beforeEach(async () => {
  seen.length = 0
  await database.pool.query('delete from pgboss.job')
})
afterAll(async () => {
  await rt.close()
  await database.close()
})

const enqueue = (n: number, options: EnqueueOptions = {}) =>
  inTransaction(rt, systemActor('test'), tx => tx.enqueue(single, [{ n }], options))

test('jobs of a higher priority go first, those of the same in the order in which they came', async () => {
  await enqueue(1, { priority: 'low' })
  await enqueue(2)
  await enqueue(3, { priority: 'high' })
  await enqueue(4, { priority: 'high' })
  await enqueue(5)
  await drain(rt)
  expect(seen).toEqual([3, 4, 2, 5, 1])
})

test('a delayed job waits for its time', async () => {
  await inTransaction(rt, systemActor('test'), tx =>
    tx.enqueue(single, [{ n: 1 }], { startAfter: new Date(tx.now.getTime() + 60_000) }),
  )
  await drain(rt)
  expect(seen).toEqual([])
  await clock.advance(61)
  await drain(rt)
  expect(seen).toEqual([1])
})

test('a job without a queue, or with a payload against its contract, rolls the transaction back', async () => {
  await database.pool.query('create table if not exists touched (n int)')
  const attempt = (act: Parameters<typeof inTransaction<void>>[2]) =>
    inTransaction(rt, systemActor('test'), async tx => {
      await sql`insert into touched values (1)`.execute(tx.db)
      await act(tx)
    })
  await expect(attempt(tx => tx.enqueue(homeless, [{ n: 1 }]))).rejects.toThrow(
    'the queue test.homeless does not exist',
  )
  await expect(attempt(tx => tx.enqueue(single, [{ n: 'one' } as never]))).rejects.toThrow('expected number')
  expect((await database.pool.query('select * from touched')).rows).toEqual([])
})

test('jobs carry the settings of their contract', async () => {
  await enqueue(1)
  const { rows } = await database.pool.query(
    `select retry_limit, retry_delay, expire_seconds, heartbeat_seconds, dead_letter, keep_until > now() + interval '9 years' as kept from pgboss.job`,
  )
  expect(rows).toEqual([
    { retry_limit: 3, retry_delay: 5, expire_seconds: 60, heartbeat_seconds: 10, dead_letter: 'dead', kept: true },
  ])
})

test('what is committed with an enqueue whose key is taken is seen by a job of that key', async () => {
  await database.pool.query('create table wanted (n int)')
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(keyed, [{ n: 1 }]))
  const joined = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const slow = inTransaction(rt, systemActor('test'), async tx => {
    await sql`insert into wanted values (7)`.execute(tx.db)
    await tx.enqueue(keyed, [{ n: 1 }])
    joined.resolve()
    await gate.promise
  })
  await joined.promise
  // The queued job begins while the enqueuer has not committed: it has to wait, or another one has to follow.
  const drained = drain(rt)
  await until(async () => {
    const { rows } = await database.pool.query(`select 1 from pg_locks where not granted`)
    return rows.length > 0
  })
  gate.resolve()
  await slow
  await drained
  await drain(rt)
  expect(seen).toContain(7)
})
