import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { changeStock, createStockItem, findStock, holdStock, releaseHolds } from './index.ts'

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
const item = (stock: number | null) => act(tx => createStockItem(tx, { stock }))
const stockOf = async (id: string) => (await findStock(database.db, [id])).get(id)

test('a delta adds and takes off, and never takes more than is left', async () => {
  const id = await item(5)
  expect(await act(tx => changeStock(tx, id, { delta: 3 }))).toEqual({ stock: 8 })
  expect(await act(tx => changeStock(tx, id, { delta: -8 }))).toEqual({ stock: 0 })
  await expect(act(tx => changeStock(tx, id, { delta: -1 }))).rejects.toMatchObject({
    status: 409,
    code: 'stock_moved',
  })
  expect(await stockOf(id)).toBe(0)
})

test('parallel deltas all count', async () => {
  const id = await item(0)
  await Promise.all(Array.from({ length: 20 }, () => act(tx => changeStock(tx, id, { delta: 2 }))))
  expect(await stockOf(id)).toBe(40)
})

test('sets the stock only while it is as the editor saw it', async () => {
  const id = await item(5)
  expect(await act(tx => changeStock(tx, id, { stock: 7, seen: 5 }))).toEqual({ stock: 7 })
  const moved = act(tx => changeStock(tx, id, { stock: 9, seen: 5 }))
  await expect(moved).rejects.toMatchObject({ status: 409, code: 'stock_moved', extra: { currentStock: 7 } })
  expect(await stockOf(id)).toBe(7)
})

test('an item that does not exist is not found', async () => {
  await expect(act(tx => changeStock(tx, newId(), { delta: 1 }))).rejects.toMatchObject({ status: 404 })
})

test('an item that becomes unlimited lets go of its holds without adding', async () => {
  const id = await item(5)
  const order = newId()
  await act(tx => holdStock(tx, order, [{ itemId: id, quantity: 2 }], null))
  expect(await act(tx => changeStock(tx, id, { stock: null, seen: 3 }))).toEqual({ stock: null })
  await expect(act(tx => changeStock(tx, id, { delta: 1 }))).rejects.toMatchObject({ code: 'stock_moved' })
  await act(tx => changeStock(tx, id, { stock: 3, seen: null }))
  expect(await act(tx => releaseHolds(tx, [order]))).toEqual([])
  expect(await stockOf(id)).toBe(3)
})
