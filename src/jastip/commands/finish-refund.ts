import { sql } from 'kysely'
import { advance } from '../../orders/index.ts'
import type { Tx } from '../../platform/tx.ts'
import { jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import { type JastipOrder, lockOrder, type RefundStatus } from '../queries/orders.ts'

export type RefundEnd = {
  status: 'succeeded' | 'failed' | 'void'
  providerRefundId?: string | null
  reference?: string
  reason?: string
}

/**
 * Ends an open refund (pending, or failed and tried again) once, whoever says so first. When no refund of the order is
 * open any more, a rejected order becomes refunded, or is closed as rejected when all were void; an order in another
 * status only changes its `refund_status`. Returns whether this call ended it.
 */
export async function finishRefund(tx: Tx, orderId: string, refundId: string, end: RefundEnd): Promise<boolean> {
  const order = await lockOrder(tx, orderId)
  if (order === undefined) return false
  const amount = await closeRefund(tx, orderId, refundId, end)
  if (amount === undefined) return false
  const refundStatus = await settleRefunds(tx, orderId)
  await moveOrder(tx, order, refundStatus, end)
  if (end.status === 'succeeded') await tellBuyer(tx, order, refundId, amount)
  return true
}

/** A failed refund may fail again: nothing changes then. */
async function closeRefund(tx: Tx, orderId: string, refundId: string, end: RefundEnd): Promise<string | undefined> {
  const from = end.status === 'failed' ? ['pending'] : ['pending', 'failed']
  const closed = await tx.db
    .updateTable('jastip_refunds')
    .set({
      status: end.status,
      updated_at: tx.now,
      ...(end.providerRefundId ? { provider_refund_id: end.providerRefundId } : {}),
      ...(end.reference === undefined ? {} : { reference: end.reference }),
    })
    .where('order_id', '=', orderId)
    .where('id', '=', refundId)
    .where('status', 'in', from)
    .returning('amount')
    .executeTakeFirst()
  return closed?.amount
}

/** What the refunds of an order come to together: failed before pending before done. The order's lock is held. */
export async function settleRefunds(tx: Tx, orderId: string): Promise<RefundStatus> {
  const { rows } = await sql<{ refundStatus: RefundStatus }>`
    update jastip_orders set refund_status = coalesce((
      select case when bool_or(status = 'failed') then 'failed' when bool_or(status = 'pending') then 'pending'
                  when bool_or(status = 'succeeded') then 'done' end
      from jastip_refunds where order_id = ${orderId}), 'none')
    where order_id = ${orderId}
    returning refund_status as "refundStatus"
  `.execute(tx.db)
  return rows[0]?.refundStatus ?? 'none'
}

async function moveOrder(tx: Tx, order: JastipOrder, refundStatus: RefundStatus, end: RefundEnd): Promise<void> {
  if (refundStatus === 'done') await advance(tx, jastip, 'refund_done', [order.id])
  if (refundStatus !== 'none') return
  const [closed] = await advance(
    tx,
    jastip,
    'refund_void',
    [order.id],
    end.reason === undefined ? {} : { reason: end.reason },
  )
  if (closed !== undefined) await notify(tx, [{ event: 'rejected', to: 'buyer', order: closed }])
}

async function tellBuyer(tx: Tx, order: JastipOrder, refundId: string, amount: string): Promise<void> {
  const told = { id: order.id, version: order.version, ownerId: order.ownerId, customerRef: order.guestId }
  await notify(tx, [{ event: 'refunded', to: 'buyer', order: told, data: { amount }, occasion: refundId }])
}
