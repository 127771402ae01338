import { sql } from 'kysely'
import type { AnyFlow } from '../../orders/index.ts'
import { type InTxHandler, inTx } from '../../platform/job.ts'
import type { Tx } from '../../platform/tx.ts'
import { enqueueRelease } from '../enqueue-release.ts'
import { sweepStock } from '../jobs.ts'
import { releasesStock } from '../release-holds.ts'

/** Most orders that one sweep raises; the next minute takes the rest. */
const SWEEP_SIZE = 10_000
/** The job that the transition raised gets this long before the sweep raises another. */
const PATIENCE_MS = 120_000

/** Finds holds that should have gone back, whatever became of the job that had to do it, and raises it again. */
export function sweepStockHandler(flows: readonly AnyFlow[]): InTxHandler {
  return inTx(sweepStock, async tx => {
    await enqueueRelease(tx, await findOverdue(tx, flows))
  })
}

/** Walks `stock_reservations_held`, whose size is that of the living orders. */
async function findOverdue(tx: Tx, flows: readonly AnyFlow[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct orders.id
    from stock_reservations hold join orders on orders.id = hold.order_id
    where hold.state = 'held' and ${releasesStock(flows)}
      and orders.updated_at <= ${new Date(tx.now.getTime() - PATIENCE_MS)}
    limit ${SWEEP_SIZE}
  `.execute(tx.db)
  return rows.map(row => row.id)
}
