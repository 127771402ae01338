import { systemActor } from '../platform/actor.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { createStockItem, findStock, holdStock, releaseHolds, type StockLine, stockShortages } from './index.ts'

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, [])
})
afterAll(async () => {
  await rt?.close()
  await database?.close()
})

const act = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(rt, systemActor('test'), fn)
const item = (stock: number | null): Promise<string> => act(tx => createStockItem(tx, { stock }))
const stockOf = async (id: string) => (await findStock(database.db, [id])).get(id)
const hold = (lines: StockLine[], orderId = newId()) => act(tx => holdStock(tx, orderId, lines, null))
const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'held',
    error => (error instanceof AppError ? error.code : error),
  )

async function reservations(where: { order?: string; item?: string }) {
  const { rows } = await database.pool.query(
    `select item_id, quantity, state, expires_at from stock_reservations
     where order_id = coalesce($1, order_id) and item_id = coalesce($2, item_id) order by item_id`,
    [where.order ?? null, where.item ?? null],
  )
  return rows
}

test('takes the pieces of merged lines off and records them as held', async () => {
  const [apples, pears] = [await item(10), await item(5)]
  const order = newId()
  const expiresAt = new Date('2030-01-01T00:00:00Z')
  const lines = [
    { itemId: pears, quantity: 2 },
    { itemId: apples, quantity: 3 },
    { itemId: pears, quantity: 1 },
  ]
  await act(tx => holdStock(tx, order, lines, expiresAt))

  expect([await stockOf(apples), await stockOf(pears)]).toEqual([7, 2])
  const held = await reservations({ order })
  expect(held).toHaveLength(2)
  expect(held).toContainEqual({ item_id: apples, quantity: 3, state: 'held', expires_at: expiresAt })
  expect(held).toContainEqual({ item_id: pears, quantity: 3, state: 'held', expires_at: expiresAt })
})

test('never holds and never refuses an unlimited item', async () => {
  const [endless, few] = [await item(null), await item(4)]
  const order = newId()
  await hold(
    [
      { itemId: endless, quantity: 999 },
      { itemId: few, quantity: 4 },
    ],
    order,
  )
  expect(await stockOf(endless)).toBeNull()
  expect(await stockOf(few)).toBe(0)
  expect((await reservations({ order })).map(row => row.item_id)).toEqual([few])
})

test('a short item refuses the whole order, naming every short item, and takes nothing', async () => {
  const [one, two, plenty, endless] = [await item(1), await item(0), await item(50), await item(null)]
  const lines = [one, two, plenty, endless].map(itemId => ({ itemId, quantity: 2 }))
  const refused = await hold(lines).catch(error => error)

  expect(refused).toMatchObject({ status: 409, code: 'stock_insufficient' })
  const short = [
    { itemId: one, available: 1, requested: 2 },
    { itemId: two, available: 0, requested: 2 },
  ]
  expect(stockShortages(refused)?.toSorted((a, b) => b.available - a.available)).toEqual(short)
  expect(stockShortages(new Error('another'))).toBeUndefined()
  expect(await Promise.all([one, two, plenty].map(stockOf))).toEqual([1, 0, 50])
  expect(await reservations({ item: plenty })).toEqual([])
})

test('an item that does not exist is an error, not a hold', async () => {
  await expect(hold([{ itemId: newId(), quantity: 1 }])).rejects.toThrow('do not exist')
})

test('of 200 concurrent orders of 1 for 20 pieces exactly 20 hold one', async () => {
  const rare = await item(20)
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, () => outcomeOf(hold([{ itemId: rare, quantity: 1 }]))),
  )
  expect(outcomes.filter(outcome => outcome === 'held')).toHaveLength(20)
  expect(outcomes.filter(outcome => outcome === 'stock_insufficient')).toHaveLength(180)
  expect(await stockOf(rare)).toBe(0)
  expect(await reservations({ item: rare })).toHaveLength(20)
})

test('orders of A,B and of B,A never deadlock', async () => {
  const [a, b] = [await item(60), await item(60)]
  const line = (itemId: string) => ({ itemId, quantity: 1 })
  const orders = Array.from({ length: 100 }, (_, n) => hold(n % 2 ? [line(a), line(b)] : [line(b), line(a)]))
  const outcomes = await Promise.all(orders.map(outcomeOf))
  expect(outcomes.filter(outcome => outcome === 'held')).toHaveLength(60)
  expect(outcomes.filter(outcome => outcome === 'stock_insufficient')).toHaveLength(40)
  expect(await Promise.all([stockOf(a), stockOf(b)])).toEqual([0, 0])
})

test('an order that waits for a release gets the pieces that came back meanwhile', async () => {
  const last = await item(1)
  const first = newId()
  await hold([{ itemId: last, quantity: 1 }], first)
  let waiting: Promise<unknown> = Promise.resolve()
  await act(async tx => {
    await releaseHolds(tx, [first])
    waiting = outcomeOf(hold([{ itemId: last, quantity: 1 }]))
    await untilSomebodyWaits()
  })
  expect(await waiting).toBe('held')
  expect(await stockOf(last)).toBe(0)
})

/** Until another transaction of this database waits for a lock. */
async function untilSomebodyWaits(): Promise<void> {
  const { rows } = await database.pool.query(
    `select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  if (rows[0].waiting === 0) await untilSomebodyWaits()
}
