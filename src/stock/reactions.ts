import { type AnyFlow, statusesThatReleaseStock } from '../orders/index.ts'
import type { Reaction } from '../platform/tx.ts'
import { enqueueRelease } from './enqueue-release.ts'

/** Orders that enter a status that releases stock: their holds go back by a job that commits with the move. */
export function releaseStockReaction(flows: readonly AnyFlow[]): Reaction {
  const places = new Set(flows.flatMap(flow => statusesThatReleaseStock(flow).map(status => `${flow.name}.${status}`)))
  return async (tx, change) => {
    if (!places.has(`${change.flow}.${change.status}`)) return
    await enqueueRelease(
      tx,
      change.orders.map(order => order.id),
    )
  }
}
