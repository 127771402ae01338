import type { Reaction } from '../platform/tx.ts'
import type { Hot } from './create-hot.ts'

/** Writes the hot statuses of all orders that moved in one call, after the commit and only then. */
export function hotStatusReaction(hot: Pick<Hot, 'writeStatuses'>): Reaction {
  return async (tx, { flow, status, closed, orders }) => {
    const updatedAt = tx.now
    tx.afterCommit(() =>
      hot.writeStatuses(
        orders.map(({ id, version, ownerId, customerRef }) => ({
          orderId: id,
          flow,
          status,
          version,
          closed,
          ownerId,
          customerRef,
          updatedAt,
        })),
      ),
    )
  }
}
