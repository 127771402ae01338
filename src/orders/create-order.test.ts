import { sql } from 'kysely'
import { z } from 'zod'
import { newId } from '../platform/ids.ts'
import { defineJob, inTx } from '../platform/job.ts'
import type { Reaction, StatusChange } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { parcelFlow } from '../testing/order-api.ts'
import { ticketDesk } from '../testing/ticket-orders.ts'
import { until } from '../testing/until.ts'
import { codeCandidate } from './code.ts'
import { createOrder } from './create-order.ts'

const greet = defineJob('test.greet', { payload: z.strictObject({ orderId: z.uuid() }) })

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>
let desk: ReturnType<typeof ticketDesk>
const reactions: Reaction[] = []

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, [inTx(greet, async () => undefined)], { reactions })
  desk = ticketDesk(rt)
})
beforeEach(() => void reactions.splice(0))
afterAll(async () => {
  await rt?.close()
  await database?.close()
})

const takeCode = (code: string) => database.pool.query('insert into order_codes values ($1, $2)', [code, newId()])
const codesOf = async (orderId: string): Promise<string[]> =>
  (await database.pool.query('select code from order_codes where order_id = $1', [orderId])).rows.map(row => row.code)

test('a new order has its code, its first event, the deadline of its status and is told to the reactions', async () => {
  const changes: StatusChange[] = []
  reactions.push(async (_tx, change) => void changes.push(change))
  const id = newId()
  const ownerId = newId()
  const code = codeCandidate('TKT', id, 0)
  const created = await desk.act(tx => desk.openIn(tx, { id, ownerId, customerRef: 'ani', data: { via: 'form' } }))
  expect(created).toEqual({ id, code, version: 1 })
  expect(await codesOf(id)).toEqual([code])

  const order = await desk.order(id)
  const inAMinute = new Date(order.created_at.getTime() + 60_000)
  expect(order).toMatchObject({ flow: 'ticket', status: 'open', version: 1, code, total: '10.00', priority: 0 })
  expect([order.deadline_at, order.deadline_queued_at, order.closed_at]).toEqual([inAMinute, null, null])
  expect(await desk.events(id)).toMatchObject([
    { version: 1, transition: 'create', status: 'open', data: { via: 'form' }, created_at: order.created_at },
  ])
  const told = { id, version: 1, ownerId, customerRef: 'ani' }
  expect(changes).toEqual([{ flow: 'ticket', transition: 'create', status: 'open', closed: false, orders: [told] }])
})

test('the caller may set the deadline or leave the order without one', async () => {
  const at = new Date(Date.now() + 5_000)
  expect((await desk.order(await desk.open({ deadlineAt: at }))).deadline_at).toEqual(at)
  expect((await desk.order(await desk.open({ deadlineAt: null }))).deadline_at).toBeNull()
  expect((await desk.order(await desk.open({ status: 'agreed' }))).deadline_at).toBeNull()
})

test('an order of a flow without codes has none', async () => {
  const id = newId()
  const order = { id, status: 'packed', ownerId: null, customerRef: null, currency: 'IDR', total: '1.00' } as const
  expect(await desk.act(tx => createOrder(tx, parcelFlow, order))).toEqual({ id, code: null, version: 1 })
  expect(await codesOf(id)).toEqual([])
})

test('codes that other orders have are skipped', async () => {
  const id = newId()
  await takeCode(codeCandidate('TKT', id, 0))
  await takeCode(codeCandidate('TKT', id, 1))
  const { code } = await desk.act(tx => desk.openIn(tx, { id }))
  expect(code).toBe(codeCandidate('TKT', id, 2))
  expect(await codesOf(id)).toEqual([code])
})

test('when all ten candidates are taken there is no order', async () => {
  const id = newId()
  for (let n = 0; n < 10; n++) await takeCode(codeCandidate('TKT', id, n))
  await expect(desk.open({ id })).rejects.toThrow('no free code')
  await expect(desk.order(id)).rejects.toThrow()
})

test.each([
  { end: 'commits', taken: true },
  { end: 'rolls back', taken: false },
])('a code that another transaction is just claiming is waited for; it $end', async ({ taken }) => {
  const id = newId()
  let twin: Promise<{ code: string | null }> | undefined
  const first = desk.act(async tx => {
    await sql`insert into order_codes values (${codeCandidate('TKT', id, 0)}, ${newId()})`.execute(tx.db)
    twin = desk.act(other => desk.openIn(other, { id }))
    await until(async () => {
      const { rows } = await database.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length === 1
    })
    if (!taken) throw new Error('changed its mind')
  })
  if (taken) await first
  else await expect(first).rejects.toThrow('changed its mind')
  expect((await twin)?.code).toBe(codeCandidate('TKT', id, taken ? 1 : 0))
})

test('the jobs of a reaction exist with the order, and a rollback leaves nothing of either', async () => {
  reactions.push((tx, change) =>
    tx.enqueue(
      greet,
      change.orders.map(order => ({ orderId: order.id })),
    ),
  )
  const jobsOf = async (id: string) =>
    (await database.pool.query(`select from pgboss.job where data->>'orderId' = $1`, [id])).rows.length
  const kept = await desk.open()
  expect([await jobsOf(kept), (await desk.events(kept)).length]).toEqual([1, 1])

  const lost = newId()
  const failing = desk.act(async tx => {
    await desk.openIn(tx, { id: lost })
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  await expect(desk.order(lost)).rejects.toThrow()
  expect([await jobsOf(lost), await desk.events(lost), await codesOf(lost)]).toEqual([0, [], []])
})

test('an id is one order: the second create is refused and leaves nothing', async () => {
  const id = await desk.open()
  await expect(desk.open({ id })).rejects.toThrow()
  expect(await desk.events(id)).toHaveLength(1)
  expect(await codesOf(id)).toHaveLength(1)
})
