import { type RawBuilder, sql } from 'kysely'
import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'
import { sendRefund } from '../jobs.ts'

/** As far as the time goes in the text of a UUID v7. */
const TIME_CHARACTERS = 13

/** A new UUID v7 of this transaction per row; Postgres below 18 has no function for it. */
const uuidV7 = (tx: Tx): RawBuilder<string> => sql`
  overlay(overlay(gen_random_uuid()::text placing ${newId(tx.now).slice(0, TIME_CHARACTERS)} from 1 for 13) placing '7' from 15 for 1)::uuid`

/**
 * Owes back every claimed or succeeded payment of these orders, or only the one named: one refund row per payment,
 * however often this runs, and one `payment.refund` job per new row, in the caller's transaction. Two statements for any
 * number of orders. `rejectionReason` is noted with the orders that owe. Returns the orders that owe something new.
 */
export async function oweRefunds(
  tx: Tx,
  orderIds: readonly string[],
  reason: string,
  options: { paymentId?: string; rejectionReason?: string } = {},
): Promise<Set<string>> {
  if (orderIds.length === 0) return new Set()
  const { rows } = await sql<{ orderId: string; refundId: string }>`
    with owed as (
      insert into jastip_refunds (order_id, id, payment_id, amount, reason, provider, status, created_at, updated_at)
      select p.order_id, ${uuidV7(tx)}, p.id, coalesce(p.received_amount, p.amount), ${reason}::text, p.provider, 'pending',
             ${tx.now}::timestamptz, ${tx.now}::timestamptz
      from jastip_payments p
      where p.order_id = any(${orderIds}::uuid[]) and p.status in ('claimed', 'succeeded')
        ${options.paymentId === undefined ? sql`` : sql`and p.id = ${options.paymentId}`}
      on conflict (order_id, payment_id) do nothing
      returning order_id, id
    ), marked as (
      update jastip_orders set refund_status = 'pending'
        ${options.rejectionReason === undefined ? sql`` : sql`, rejection_reason = ${options.rejectionReason}`}
      where order_id in (select order_id from owed)
    )
    select order_id as "orderId", id as "refundId" from owed
  `.execute(tx.db)
  await tx.enqueue(sendRefund, rows)
  return new Set(rows.map(row => row.orderId))
}
