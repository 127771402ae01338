import type { AnyFlow } from '../../orders/index.ts'
import { type InTxHandler, inTx } from '../../platform/job.ts'
import { releaseStock } from '../jobs.ts'
import { releaseHoldsOfEnded } from '../release-holds.ts'

/** Releases the holds of all orders of the batch at once; an order that lives on keeps what it holds. */
export function releaseStockHandler(flows: readonly AnyFlow[]): InTxHandler {
  return inTx(releaseStock, async (tx, payloads) => {
    const orderIds = [...new Set(payloads.flatMap(payload => payload.orderIds))]
    await releaseHoldsOfEnded(tx, orderIds, flows)
  })
}
