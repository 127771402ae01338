import { sql } from 'kysely'
import { advance, advanceOne, type MovedOrder } from '../../orders/index.ts'
import { conflict } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'
import { jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import { isConfirmedByGateway } from '../queries/payments.ts'
import { closePayments } from './close-payments.ts'
import { oweRefunds } from './owe-refunds.ts'

/** Why an order was rejected that its owner left unanswered. */
const VALIDATION_TIMEOUT = 'validation_timeout'

/**
 * The owner turns the order down; what was paid is owed back. `dpReceived: false` says that the claimed transfer never
 * came: nothing is owed and the order is closed.
 * @throws AppError 409 `order_wrong_state`, `dp_confirmed_by_gateway`
 */
export async function rejectOrder(
  tx: Tx,
  orderId: string,
  given: { by: string; reason: string; dpReceived: boolean },
): Promise<void> {
  const transition = given.dpReceived ? 'reject' : 'reject_unpaid'
  const moved = await advanceOne(tx, jastip, transition, orderId, { reason: given.reason })
  await tx.db
    .updateTable('jastip_orders')
    .set({ rejection_reason: given.reason, validated_at: tx.now, validated_by: given.by })
    .where('order_id', '=', orderId)
    .execute()
  if (given.dpReceived) await oweRefunds(tx, [orderId], 'rejected')
  else await refuseClaim(tx, orderId)
  await notify(tx, [{ event: 'rejected', to: 'buyer', order: moved }])
}

/** Read after the move, which holds the order's lock: a webhook came before it or waits for its commit. */
async function refuseClaim(tx: Tx, orderId: string): Promise<void> {
  if (await isConfirmedByGateway(tx.db, orderId, 'dp')) {
    throw conflict('dp_confirmed_by_gateway', 'The gateway reported the down payment: it did come')
  }
  await closePayments(tx, [orderId], { kind: 'dp', from: 'claimed', to: 'refused' })
}

/** Rejects those of the orders that their owner left unanswered; a fixed number of statements for any number of them. */
export async function autoRefundOrders(tx: Tx, orderIds: readonly string[], dueAt: Date): Promise<void> {
  const moved = await advance(tx, jastip, 'auto_refund', orderIds, { dueAt, reason: VALIDATION_TIMEOUT })
  if (moved.length === 0) return
  const ids = moved.map(order => order.id)
  await oweRefunds(tx, ids, VALIDATION_TIMEOUT, { rejectionReason: VALIDATION_TIMEOUT })
  await notify(
    tx,
    moved.map(order => ({ event: 'rejected', to: 'buyer', order })),
  )
}

/** Cancels accepted orders that were not paid in time, and owes the down payment back; set-wise like the others. */
export async function expireFinalOrders(tx: Tx, orderIds: readonly string[], dueAt: Date): Promise<void> {
  const moved: MovedOrder[] = await advance(tx, jastip, 'expire_final', orderIds, { dueAt })
  if (moved.length === 0) return
  const ids = moved.map(order => order.id)
  await closePayments(tx, ids, { from: 'pending', to: 'expired' })
  await sql`
    update jastip_orders set next_reminder_at = null where order_id = any(${ids}::uuid[]) and next_reminder_at is not null
  `.execute(tx.db)
  await oweRefunds(tx, ids, 'final_payment_timeout')
  await notify(
    tx,
    moved.map(order => ({ event: 'expired', to: 'buyer', order, data: { what: 'final' } })),
  )
}
