import { systemActor } from '../platform/actor.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'
import { testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { createStockItem, findStock, holdStock } from './index.ts'

test('of 1,000 concurrent orders of 1 for 100 pieces exactly 100 hold one', async () => {
  const database = await testDatabase()
  const rt = await testRuntime(database, [])
  const actor = systemActor('test')
  const itemId = await inTransaction(rt, actor, tx => createStockItem(tx, { stock: 100 }))
  const outcomes = await Promise.all(
    Array.from({ length: 1_000 }, () =>
      inTransaction(rt, actor, tx => holdStock(tx, newId(), [{ itemId, quantity: 1 }], null)).then(
        () => 'held',
        error => (error instanceof AppError ? error.code : error),
      ),
    ),
  )
  expect(outcomes.filter(outcome => outcome === 'held')).toHaveLength(100)
  expect(outcomes.filter(outcome => outcome === 'stock_insufficient')).toHaveLength(900)
  expect((await findStock(database.db, [itemId])).get(itemId)).toBe(0)
  const { rows } = await database.pool.query(
    'select state, sum(quantity)::int as pieces from stock_reservations group by state',
  )
  expect(rows).toEqual([{ state: 'held', pieces: 100 }])
  await rt.close()
  await database.close()
})
