import { sql } from 'kysely'
import { newId } from '../platform/ids.ts'
import { defineJob, inTx } from '../platform/job.ts'
import { captureStatements } from '../testing/capture-statements.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { ticketDesk, ticketFlow } from '../testing/ticket-orders.ts'
import { advance } from './advance.ts'
import {
  type DeadlineJob,
  deadlineJobPayload,
  mergeDeadlines,
  splitIds,
  sweepDeadlines,
  sweepDeadlinesHandler,
} from './deadlines.ts'

const lapse = defineJob('test.lapse', { payload: deadlineJobPayload, split: splitIds<DeadlineJob> })
const bindings = new Map([['ticket.lapse', lapse]])
const sweep = sweepDeadlinesHandler([ticketFlow], bindings)
const lapseHandler = inTx(lapse, async (tx, payloads) => {
  for (const { orderIds, dueAt } of mergeDeadlines(payloads)) {
    await advance(tx, ticketFlow, 'lapse', orderIds, { dueAt })
  }
})

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let rt: Awaited<ReturnType<typeof testRuntime>>
let desk: ReturnType<typeof ticketDesk>

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  rt = await testRuntime(database, [sweep, lapseHandler])
  desk = ticketDesk(rt)
})
beforeEach(() => database.pool.query('truncate orders, order_events, order_codes, job_keys; delete from pgboss.job'))
afterAll(async () => {
  await rt?.close()
  await database?.close()
})

const runSweep = (handler = sweep) => desk.act(tx => handler.run(tx, [{}], []))
const runJobs = () => drain(rt, [lapse.kind])
const raised = async (): Promise<DeadlineJob[]> =>
  (
    await database.pool.query('select data from pgboss.job where name = $1 order by created_on, id', [lapse.kind])
  ).rows.map(row => row.data)
const raisedIds = async () => (await raised()).flatMap(job => job.orderIds)
const deadlineOf = async (id: string) => {
  const { deadline_at, deadline_queued_at, updated_at } = await desk.order(id)
  return { at: deadline_at, queued: deadline_queued_at !== null, updatedAt: updated_at }
}

/** So many open tickets whose deadline was a minute ago. */
async function insertDue(count: number): Promise<void> {
  await sql`
    insert into orders (id, flow, status, currency, deadline_at, created_at, updated_at)
    select gen_random_uuid(), 'ticket', 'open', 'IDR', at.now - n * interval '1 millisecond' - interval '1 minute', at.now, at.now
    from generate_series(1, ${count}::int) as n, (select pgboss.job_now() as now) as at
  `.execute(rt.db)
}

/** An open ticket that the sweep has raised; its job has not run. */
async function sweptTicket() {
  const id = await desk.open()
  await clock.advance(61)
  await runSweep()
  const before = await deadlineOf(id)
  expect(before.queued).toBe(true)
  return { id, before }
}

test('a status with seconds starts the deadline anew and makes the order visible to the sweep again', async () => {
  const { id } = await sweptTicket()
  await desk.move('answer', [id])
  const { at, queued, updatedAt } = await deadlineOf(id)
  expect([at, queued]).toEqual([new Date(updatedAt.getTime() + 120_000), false])
})

test('a status without a deadline clears it', async () => {
  const { id } = await sweptTicket()
  await desk.move('agree', [id])
  expect(await deadlineOf(id)).toMatchObject({ at: null, queued: false })
})

test('a status that keeps the deadline, and a move onto the same status, leave it as it is', async () => {
  for (const transition of ['park', 'note'] as const) {
    const id = await desk.open()
    const { at } = await deadlineOf(id)
    await clock.advance(5)
    expect(await desk.move(transition, [id])).toMatchObject([{ deadlineAt: at }])
    expect((await deadlineOf(id)).at).toEqual(at)
  }
})

test('a command may set the deadline of the status that it enters, or take it away, whatever the status says', async () => {
  for (const transition of ['answer', 'agree', 'park', 'note'] as const) {
    for (const deadlineAt of [new Date('2030-01-01T00:00:00Z'), null]) {
      const { id } = await sweptTicket()
      expect(await desk.move(transition, [id], { deadlineAt })).toMatchObject([{ deadlineAt }])
      expect(await deadlineOf(id)).toMatchObject({ at: deadlineAt, queued: false })
    }
  }
})

test('a timer moves an order only while its deadline is not after the moment for which it was raised', async () => {
  const id = await desk.open()
  const none = await desk.open({ deadlineAt: null })
  const { at } = await deadlineOf(id)
  const before = new Date(at!.getTime() - 1)
  expect(await desk.move('lapse', [id, none], { dueAt: before })).toEqual([])
  expect((await desk.move('lapse', [id, none], { dueAt: at! })).map(order => order.id)).toEqual([id])
  expect((await desk.order(none)).status).toBe('open')
})

test('the sweep raises what is due, once, and nothing else', async () => {
  const due = await desk.open()
  const agreed = await desk.open()
  await desk.move('agree', [agreed])
  await clock.advance(61)
  const later = await desk.open()
  await runSweep()
  const jobs = await raised()
  expect(jobs).toEqual([{ orderIds: [due], dueAt: expect.any(String) }])
  expect(new Date(jobs[0]!.dueAt) >= (await desk.order(due)).deadline_at!).toBe(true)
  await runSweep()
  expect(await raised()).toEqual(jobs)
  await runJobs()
  expect(await Promise.all([due, agreed, later].map(async id => (await desk.order(id)).status))).toEqual([
    'lapsed',
    'agreed',
    'open',
  ])
})

test('a job for an old deadline does nothing; the new deadline gets a job of its own', async () => {
  const { id } = await sweptTicket()
  await desk.move('answer', [id])
  await runJobs()
  expect((await desk.order(id)).status).toBe('answered')
  await clock.advance(121)
  await runSweep()
  expect(await raisedIds()).toEqual([id, id])
  await runJobs()
  expect((await desk.order(id)).status).toBe('lapsed')
})

test('a job that runs twice moves its orders once', async () => {
  const { id } = await sweptTicket()
  const jobs = await raised()
  for (let run = 0; run < 2; run++) await desk.act(tx => lapseHandler.run(tx, jobs, []))
  expect((await desk.events(id)).map(event => event.transition)).toEqual(['create', 'lapse'])
})

test('a due order whose status has no action raises nothing', async () => {
  const id = await desk.open()
  await desk.move('park', [id])
  await clock.advance(61)
  await runSweep()
  expect(await raised()).toEqual([])
})

test('two sweeps at once raise each order once', async () => {
  await insertDue(1_200)
  await Promise.all([runSweep(), runSweep()])
  const ids = await raisedIds()
  expect([ids.length, new Set(ids).size]).toEqual([1_200, 1_200])
})

test('1,200 due orders are three jobs of 500, 500 and 200', async () => {
  await insertDue(1_200)
  await runSweep()
  expect((await raised()).map(job => job.orderIds.length).sort()).toEqual([200, 500, 500])
})

test('a sweep that could not take all takes the oldest first and is followed by another at once', async () => {
  await insertDue(5)
  const small = sweepDeadlinesHandler([ticketFlow], bindings, 2)
  const oldest = await rt.db.selectFrom('orders').select('id').orderBy('deadline_at').execute()
  await runSweep(small)
  expect((await raisedIds()).sort()).toEqual(
    oldest
      .slice(0, 2)
      .map(order => order.id)
      .sort(),
  )
  const runtime = { ...rt, handlers: new Map(rt.handlers).set(sweepDeadlines.kind, small) }
  expect(await drain(runtime, [sweepDeadlines.kind])).toBe(2)
  expect((await raised()).map(job => job.orderIds.length)).toEqual([2, 2, 1])
  expect(new Set(await raisedIds()).size).toBe(5)
})

test('a sweep that is rolled back leaves its orders to the next', async () => {
  const id = await desk.open()
  await clock.advance(61)
  const failing = desk.act(async tx => {
    await sweep.run(tx, [{}], [])
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  expect(await raised()).toEqual([])
  await runSweep()
  expect(await raisedIds()).toEqual([id])
})

test('the sweep walks the index of due orders, however many others there are', async () => {
  await sql`
    insert into orders (id, flow, status, currency, deadline_at, created_at, updated_at)
    select gen_random_uuid(), 'ticket', 'open', 'IDR', case when n % 2 = 0 then now() + n * interval '1 hour' end, now(), now()
    from generate_series(1, 5000) as n
  `.execute(rt.db)
  await insertDue(3)
  await database.pool.query('analyze orders')
  const statements = await captureStatements(() => runSweep())
  const update = statements.find(statement => statement.text.includes('set deadline_queued_at'))
  const { rows } = await database.pool.query({
    text: `explain (costs off) ${update?.text}`,
    values: [...(update?.values ?? [])],
  })
  const plan = rows.map(row => row['QUERY PLAN']).join('\n')
  expect(plan).toContain('orders_due')
  expect(plan).not.toContain('Seq Scan')
})

test('a sweep of an older release leaves alone what it does not know, so that a newer one raises it', async () => {
  await insertDue(1)
  await database.pool.query(`update orders set flow = 'novelty', status = 'fresh'`)
  await runSweep()
  const { rows } = await database.pool.query('select deadline_queued_at from orders')
  expect(rows).toEqual([{ deadline_queued_at: null }])
  expect(await raised()).toEqual([])
})

test('a status whose onDeadline has no job is refused when the sweep is built', () => {
  expect(() => sweepDeadlinesHandler([ticketFlow], new Map())).toThrow('no job is bound to ticket.lapse')
})

test('the ids of a batch are merged per deadline, each once; a set splits into jobs of one order', () => {
  const [a, b, c] = [newId(), newId(), newId()]
  const [early, late] = ['2030-01-01T00:00:00.000Z', '2030-01-01T00:00:05.000Z']
  const merged = mergeDeadlines([
    { orderIds: [a, b], dueAt: early },
    { orderIds: [c], dueAt: late },
    { orderIds: [b], dueAt: early },
  ])
  expect(merged).toEqual([
    { dueAt: new Date(early), orderIds: [a, b] },
    { dueAt: new Date(late), orderIds: [c] },
  ])
  expect(splitIds({ orderIds: [a, b], dueAt: early })).toEqual([
    { orderIds: [a], dueAt: early },
    { orderIds: [b], dueAt: early },
  ])
})
