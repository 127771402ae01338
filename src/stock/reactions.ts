import type { AnyFlow } from '../orders/index.ts'
import type { Reaction } from '../platform/tx.ts'
import { enqueueRelease } from './enqueue-release.ts'

/**
 * Orders that enter a status that releases stock: their holds go back by a job that commits with the move. A move between
 * two such statuses (rejected → refunded) raises nothing: the first one did.
 */
export function releaseStockReaction(flows: readonly AnyFlow[]): Reaction {
  const releasing = new Set(flows.flatMap(releasingTransitions))
  return async (tx, change) => {
    if (!releasing.has(`${change.flow}.${change.transition}`)) return
    await enqueueRelease(
      tx,
      change.orders.map(order => order.id),
    )
  }
}

function releasingTransitions(flow: AnyFlow): string[] {
  const releases = (status: string) => flow.statuses[status]?.releasesStock === true
  return Object.entries(flow.transitions).flatMap(([name, { from, to }]) =>
    to !== 'same' && releases(to) && !from.every(releases) ? [`${flow.name}.${name}`] : [],
  )
}
