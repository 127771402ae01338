import { sql } from 'kysely'
import { z } from 'zod'
import { defineJob, inTx } from '../platform/job.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'
import { nextRunOf, registerSchedules, type Schedule, startSchedules, tick } from './schedules.ts'

const sweep = defineJob('test.sweep', { payload: z.strictObject({}) })
const everySecond: Schedule = { name: 'test.second', cron: '* * * * * *', job: sweep, payload: {} }
const nightly: Schedule = { name: 'test.nightly', cron: '0 30 3 * * *', job: sweep, payload: {} }

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>
const deps = () => ({ ...rt, config: { APP_TIMEZONE: 'Asia/Jakarta' } })

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, [inTx(sweep, async () => undefined)])
})
beforeEach(async () => {
  await database.pool.query('truncate schedules, schedule_runs; delete from pgboss.job')
  await registerSchedules(database.db, [everySecond, nightly])
})
afterAll(async () => {
  await rt.close()
  await database.close()
})

const count = async (table: 'schedule_runs' | 'pgboss.job'): Promise<number> =>
  (await database.pool.query(`select count(*) as n from ${table}`)).rows[0].n

test('two processes that tick at the same moment raise one job per slot', async () => {
  const slots = Array.from({ length: 20 }, (_, n) => new Date(Date.UTC(2026, 10, 20, 8, 0, n)))
  const fired = await Promise.all(slots.flatMap(slot => [1, 2, 3].map(() => tick(deps(), everySecond, slot))))
  expect(fired.filter(Boolean)).toHaveLength(20)
  expect(await count('schedule_runs')).toBe(20)
  expect(await count('pgboss.job')).toBe(20)
})

test('a fleet fires once per second, exactly at the second', async () => {
  const fleet = [1, 2, 3].map(() => startSchedules(deps(), [everySecond]))
  await until(async () => (await count('schedule_runs')) >= 2)
  await Promise.all(fleet.map(process => process.stop()))
  const runs = await count('schedule_runs')
  expect(await count('pgboss.job')).toBe(runs)
  const { rows } = await database.pool.query(
    `select count(*) as n from schedule_runs where slot <> date_trunc('second', slot)`,
  )
  expect(rows[0].n).toBe(0)
})

test('a schedule that is switched off, or that nobody registered, raises nothing', async () => {
  await sql`update schedules set enabled = false where name = ${everySecond.name}`.execute(database.db)
  expect(await tick(deps(), everySecond, new Date())).toBe(false)
  expect(await tick(deps(), { ...nightly, name: 'test.unknown' }, new Date())).toBe(false)
  expect(await count('pgboss.job')).toBe(0)
})

test('a job that cannot be enqueued leaves its slot free', async () => {
  const broken: Schedule = { ...everySecond, job: defineJob('test.no-such-queue', { payload: z.strictObject({}) }) }
  const slot = new Date(Date.UTC(2026, 10, 20))
  await expect(tick(deps(), broken, slot)).rejects.toThrow()
  expect(await tick(deps(), everySecond, slot)).toBe(true)
})

test('registering again follows the new expression and keeps what people switched off', async () => {
  await sql`update schedules set enabled = false where name = ${nightly.name}`.execute(database.db)
  await registerSchedules(database.db, [{ ...nightly, cron: '0 0 4 * * *' }])
  const row = await database.db.selectFrom('schedules').selectAll().where('name', '=', nightly.name).executeTakeFirst()
  expect(row).toMatchObject({ cron: '0 0 4 * * *', enabled: false })
})

test('the next run follows the time zone of the shop', () => {
  const next = nextRunOf(deps(), nightly)
  expect(next?.toISOString()).toMatch(/T20:30:00\.000Z$/)
})

test('an expression that cannot be read is refused at the start', () => {
  expect(() => startSchedules(deps(), [{ ...nightly, cron: 'every night' }])).toThrow()
})
