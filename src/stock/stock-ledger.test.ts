import fc from 'fast-check'
import { systemActor } from '../platform/actor.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { commitHolds, createStockItem, holdStock, keepHolds, releaseHolds } from './index.ts'

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

const INITIAL = [3, 7, 12]
const ORDERS = 8
type Step = { act: 'hold' | 'keep' | 'commit' | 'release'; order: number; lines: { item: number; quantity: number }[] }

const lines = fc.array(fc.record({ item: fc.nat(INITIAL.length - 1), quantity: fc.integer({ min: 1, max: 6 }) }), {
  minLength: 1,
  maxLength: 4,
})
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('hold', 'hold', 'keep', 'commit', 'release'),
  order: fc.nat(ORDERS - 1),
  lines,
})

test('initial stock = stock + held + committed, whatever happens at the same time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      async clients => {
        const items = await act(tx => Promise.all(INITIAL.map(stock => createStockItem(tx, { stock }))))
        const orders = Array.from({ length: ORDERS }, () => newId())
        let attempt = 0
        const run = async (one: Step) => {
          const id = orders[one.order]!
          if (one.act === 'keep') return await act(tx => keepHolds(tx, [id]))
          if (one.act === 'commit') return await act(tx => commitHolds(tx, [id]))
          if (one.act === 'release') return void (await act(tx => releaseHolds(tx, [id])))
          const wanted = one.lines.map(line => ({ itemId: items[line.item]!, quantity: line.quantity }))
          await act(tx => holdStock(tx, id, wanted, null, { attempt: ++attempt })).catch(refusedOnly)
        }
        // Each client acts in its order, the clients at the same time.
        await Promise.all(
          clients.map(async steps => {
            for (const one of steps) await run(one)
          }),
        )
        expect(await ledger(items)).toEqual(INITIAL)
      },
    ),
    { numRuns: 25 },
  )
})

function refusedOnly(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'stock_insufficient') throw error
}

async function ledger(items: string[]): Promise<number[]> {
  const { rows } = await database.pool.query(
    `select stock + coalesce((select sum(quantity) from stock_reservations
                              where item_id = id and state in ('held', 'committed')), 0) as total
     from stock_items join unnest($1::uuid[]) with ordinality as wanted (id, n) using (id) order by n`,
    [items],
  )
  return rows.map(row => Number(row.total))
}
