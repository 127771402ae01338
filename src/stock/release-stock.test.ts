import { advance, createOrder, defineFlow } from '../orders/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import {
  commitHolds,
  createStockItem,
  findStock,
  holdStock,
  keepHolds,
  releaseHolds,
  releaseStock,
  releaseStockHandler,
  releaseStockReaction,
  sweepStock,
  sweepStockHandler,
} from './index.ts'

const shop = defineFlow('shop', {
  statuses: {
    open: {},
    paid: { closes: true },
    refused: { releasesStock: true },
    cancelled: { releasesStock: true, closes: true },
  },
  transitions: {
    pay: { from: ['open'], to: 'paid' },
    refuse: { from: ['open'], to: 'refused' },
    cancel: { from: ['open'], to: 'cancelled' },
  },
})

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let rt: Awaited<ReturnType<typeof testRuntime>>

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  rt = await testRuntime(database, [releaseStockHandler([shop]), sweepStockHandler([shop])], {
    reactions: [releaseStockReaction([shop])],
  })
})
afterAll(async () => {
  await rt?.close()
  await database?.close()
})

const act = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(rt, systemActor('test'), fn)
const item = (stock: number | null) => act(tx => createStockItem(tx, { stock }))
const stockOf = async (id: string) => (await findStock(database.db, [id])).get(id)
const queuedJobs = () =>
  database.pool.query(`select id from pgboss.job where name = $1 and state = 'created'`, [releaseStock.kind])

/** An order that holds one of each item. */
async function order(...itemIds: string[]): Promise<string> {
  const id = newId()
  await act(async tx => {
    await createOrder(tx, shop, { id, status: 'open', ownerId: null, customerRef: null, currency: 'IDR', total: '1' })
    await holdStock(
      tx,
      id,
      itemIds.map(itemId => ({ itemId, quantity: 1 })),
      new Date('2030-01-01T00:00:00Z'),
    )
  })
  return id
}

async function holdOf(orderId: string) {
  const { rows } = await database.pool.query(
    'select state, expires_at, closed_at from stock_reservations where order_id = $1',
    [orderId],
  )
  return rows[0]
}

test('an order that ends raises one job with the move, which gives its pieces back once', async () => {
  const [a, b] = [await item(5), await item(5)]
  const orders = [await order(a, b), await order(a), await order(b)]
  await act(tx => advance(tx, shop, 'cancel', orders))
  expect((await queuedJobs()).rows).toHaveLength(1)
  expect(await stockOf(a)).toBe(3)

  await drain(rt)
  expect([await stockOf(a), await stockOf(b)]).toEqual([5, 5])
  expect(await holdOf(orders[0]!)).toMatchObject({ state: 'released', closed_at: expect.any(Date) })

  await act(tx => tx.enqueue(releaseStock, [{ orderIds: orders }, { orderIds: orders.slice(1) }]))
  await drain(rt)
  expect([await stockOf(a), await stockOf(b)]).toEqual([5, 5])
})

test('1,200 orders that end together become three jobs', async () => {
  const one = await item(null)
  const orders = Array.from({ length: 1_200 }, () => newId())
  await database.pool.query(
    `insert into orders (id, flow, status, currency, created_at, updated_at)
     select id, 'shop', 'open', 'IDR', now(), now() from unnest($1::uuid[]) as id`,
    [orders],
  )
  await database.pool.query(`update stock_items set stock = 0 where id = $1`, [one])
  await database.pool.query(
    `insert into stock_reservations (order_id, item_id, quantity, state, created_at)
     select id, $2, 2, 'held', now() from unnest($1::uuid[]) as id`,
    [orders, one],
  )
  await act(tx => advance(tx, shop, 'refuse', orders))
  const { rows } = await database.pool.query(
    `select jsonb_array_length(data -> 'orderIds') as ids from pgboss.job where name = $1 and state = 'created' order by 1`,
    [releaseStock.kind],
  )
  expect(rows.map(row => row.ids)).toEqual([200, 500, 500])
  await drain(rt)
  expect(await stockOf(one)).toBe(2_400)
})

test('an order that lives on keeps what it holds, expired or not, and a paid one sells it', async () => {
  const a = await item(3)
  const [living, paid] = [await order(a), await order(a)]
  await act(async tx => {
    await commitHolds(tx, [paid])
    await advance(tx, shop, 'pay', [paid])
  })
  await database.pool.query(`update stock_reservations set expires_at = now() - interval '1 day' where order_id = $1`, [
    living,
  ])
  await act(tx => tx.enqueue(releaseStock, [{ orderIds: [living, paid, newId()] }]))
  await drain(rt)
  expect(await stockOf(a)).toBe(1)
  expect((await holdOf(living)).state).toBe('held')
  expect((await holdOf(paid)).state).toBe('committed')
})

test('a kept hold no longer expires; a committed one is never released', async () => {
  const a = await item(3)
  const id = await order(a)
  expect((await holdOf(id)).expires_at).not.toBeNull()
  await act(tx => keepHolds(tx, [id]))
  expect(await holdOf(id)).toMatchObject({ state: 'held', expires_at: null })
  await act(tx => commitHolds(tx, [id]))
  expect(await act(tx => releaseHolds(tx, [id]))).toEqual([])
  expect(await stockOf(a)).toBe(2)
})

test('ten releases of the same orders at once give each piece back once', async () => {
  const [a, b] = [await item(40), await item(40)]
  const orders = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? order(a, b) : order(b, a))))
  const released = await Promise.all(
    Array.from({ length: 10 }, (_, n) => act(tx => releaseHolds(tx, n % 2 ? orders : orders.toReversed()))),
  )
  expect(released.flat()).toHaveLength(40)
  expect([await stockOf(a), await stockOf(b)]).toEqual([40, 40])
})

test('the sweep raises again what a lost job left, after two minutes, and only that', async () => {
  await drain(rt)
  const a = await item(9)
  const [lost, living] = [await order(a), await order(a)]
  await act(tx => advance(tx, shop, 'refuse', [lost]))
  await database.pool.query(`delete from pgboss.job where name = $1 and state = 'created'`, [releaseStock.kind])
  const sweep = async () => {
    await act(tx => tx.enqueue(sweepStock, [{}]))
    await drain(rt)
  }
  await sweep()
  expect(await stockOf(a)).toBe(7)
  await clock.advance(121)
  await sweep()
  expect(await stockOf(a)).toBe(8)
  expect((await holdOf(living)).state).toBe('held')
})

test('refuses a job that names an item and a quantity', () => {
  const older = { productId: newId(), quantity: 1 }
  expect(releaseStock.payload.safeParse(older).success).toBe(false)
  expect(releaseStock.payload.safeParse({ orderIds: [newId()], ...older }).success).toBe(false)
  expect(releaseStock.payload.safeParse({ orderIds: [newId()] }).success).toBe(true)
})
