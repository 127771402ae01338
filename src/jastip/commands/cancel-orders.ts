import { revokeGuestTokens, useGuestToken } from '../../identity/index.ts'
import { advance, advanceOne, type MovedOrder } from '../../orders/index.ts'
import type { Tx } from '../../platform/tx.ts'
import { jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import { closePayments } from './close-payments.ts'

/**
 * The buyer calls the order off before paying; this uses up the link behind the pass.
 * @throws AppError 409 `order_wrong_state`, 401 `token_used`
 */
export async function cancelOrder(
  tx: Tx,
  orderId: string,
  given: { tokenId: string; reason?: string | undefined },
): Promise<MovedOrder> {
  const reason = given.reason === undefined ? {} : { reason: given.reason }
  const moved = await advanceOne(tx, jastip, 'cancel', orderId, reason)
  await useGuestToken(tx, given.tokenId)
  await endUnpaid(tx, [moved])
  await notify(tx, [{ event: 'cancelled', to: 'both', order: moved }])
  return moved
}

/** Cancels those of the orders whose down payment is overdue; a fixed number of statements for any number of them. */
export async function expireDpOrders(tx: Tx, orderIds: readonly string[], dueAt: Date): Promise<void> {
  const moved = await advance(tx, jastip, 'expire_dp', orderIds, { dueAt })
  if (moved.length === 0) return
  await endUnpaid(tx, moved)
  await notify(
    tx,
    moved.map(order => ({ event: 'expired', to: 'buyer', order, data: { what: 'dp' } })),
  )
}

/** Links of the gateway are closed here; money that still comes through one is owed back when it arrives. */
async function endUnpaid(tx: Tx, orders: readonly MovedOrder[]): Promise<void> {
  const ids = orders.map(order => order.id)
  await closePayments(tx, ids, { from: 'pending', to: 'expired' })
  await revokeGuestTokens(tx, ids)
}
