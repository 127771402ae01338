import { conflict, notFound } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'
import { lockOrder } from '../queries/orders.ts'
import { findRefund, listRefunds, type Refund } from '../queries/refunds.ts'
import { finishRefund } from './finish-refund.ts'

export type RefundConfirmation = { reference: string } | { notReceived: true; reason: string }

/**
 * The owner says what became of a transfer that has to go back: returned, with the bank's reference, or never received.
 * The latter is only for a claim that nobody confirmed; the payment is then refused and nothing is owed.
 * @throws AppError 404 when the order is not theirs, 409 `refund_wrong_state`
 */
export async function confirmRefund(
  tx: Tx,
  ownerId: string,
  orderId: string,
  confirmation: RefundConfirmation,
): Promise<Refund> {
  const order = await lockOrder(tx, orderId)
  if (order === undefined || order.ownerId !== ownerId) throw notFound('Order')
  const refund = await openTransferRefund(tx, orderId)
  if ('reference' in confirmation) {
    await finishRefund(tx, orderId, refund.id, { status: 'succeeded', reference: confirmation.reference })
  } else await declareNotReceived(tx, refund, confirmation.reason)
  const now = await findRefund(tx.db, orderId, refund.id)
  if (now === undefined) throw notFound('Refund')
  return now
}

async function openTransferRefund(tx: Tx, orderId: string): Promise<Refund> {
  const refunds = await listRefunds(tx.db, orderId)
  const open = refunds.find(refund => refund.provider === 'transfer' && refund.status === 'pending')
  if (open === undefined) throw conflict('refund_wrong_state', 'No transfer of this order waits to be returned')
  return open
}

async function declareNotReceived(tx: Tx, refund: Refund, reason: string): Promise<void> {
  if (refund.paymentStatus !== 'claimed') {
    throw conflict('refund_wrong_state', 'You confirmed this payment: it has to be returned')
  }
  await tx.db
    .updateTable('jastip_payments')
    .set({ status: 'refused', updated_at: tx.now })
    .where('order_id', '=', refund.orderId)
    .where('id', '=', refund.paymentId)
    .execute()
  await finishRefund(tx, refund.orderId, refund.id, { status: 'void', reason })
}
