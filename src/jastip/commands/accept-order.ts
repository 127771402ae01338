import { advanceOne, type MovedOrder } from '../../orders/index.ts'
import { invalid } from '../../platform/errors.ts'
import { toCents, toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import { type Charges, computeCharges, type Line, toBreakdown } from '../fees.ts'
import { jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import { getCommissionRate } from '../queries/fees-config.ts'
import { listOrderItems } from '../queries/order-items.ts'
import type { JastipOrder } from '../queries/orders.ts'
import { wholeRupiah } from '../rupiah.ts'
import { closePayments } from './close-payments.ts'
import { finalDeadline } from './final-deadline.ts'
import { markPaid } from './mark-paid.ts'

/**
 * The owner takes the order at its final price, which is fixed from here on; what the buyer claimed to have paid counts
 * as paid. When nothing is left to pay the order is paid at once.
 * @throws AppError 409 `order_wrong_state`, 422 `shipping_fee_required`, `shipping_fee_without_goods`, `not_whole_rupiah`
 */
export async function acceptOrder(
  tx: Tx,
  order: JastipOrder,
  given: { by: string; shippingFee?: number | undefined; serviceFee?: number | undefined },
): Promise<void> {
  const lines = await listOrderItems(tx.db, [order.id])
  const charges = computeCharges(lines, {
    dp: toCents(order.dpAmount),
    shippingFee: shippingFee(lines, given.shippingFee),
    serviceFee: wholeRupiah('serviceFee', given.serviceFee ?? 0),
    commissionRate: await getCommissionRate(tx.db),
  })
  const moved = await advanceOne(tx, jastip, 'accept', order.id, {
    total: toNumeric(charges.total),
    deadlineAt: finalDeadline(tx, order),
  })
  await storeBreakdown(tx, order, lines, charges, given.by)
  await closePayments(tx, [order.id], { kind: 'dp', from: 'claimed', to: 'succeeded' })
  if (charges.remaining === 0n) await settle(tx, moved)
  else await notify(tx, [{ event: 'accepted', to: 'buyer', order: moved }])
}

/** 0 must be said for goods, so that nobody forgets it; without goods there is nothing to ship. */
function shippingFee(lines: readonly Line[], given: number | undefined): bigint {
  const hasGoods = lines.some(line => line.type === 'goods')
  if (hasGoods && given === undefined) {
    throw invalid('shipping_fee_required', 'shippingFee', 'an order with goods needs a shipping fee, which may be 0')
  }
  if (!hasGoods && given !== undefined && given > 0) {
    throw invalid('shipping_fee_without_goods', 'shippingFee', 'this order has nothing to ship')
  }
  return wholeRupiah('shippingFee', given ?? 0)
}

async function storeBreakdown(
  tx: Tx,
  order: JastipOrder,
  lines: readonly Line[],
  charges: Charges,
  by: string,
): Promise<void> {
  await tx.db
    .updateTable('jastip_orders')
    .set({
      breakdown: JSON.stringify(toBreakdown(lines, charges, order.currency)),
      markup_total: toNumeric(charges.markup),
      shipping_fee: toNumeric(charges.shippingFee),
      service_fee: toNumeric(charges.serviceFee),
      commission_rate: charges.commissionRate,
      platform_commission: toNumeric(charges.commission),
      total_final: toNumeric(charges.total),
      remaining_amount: toNumeric(charges.remaining),
      validated_at: tx.now,
      validated_by: by,
    })
    .where('order_id', '=', order.id)
    .execute()
}

/** The same transaction, two events, one answer that says paid. */
async function settle(tx: Tx, accepted: MovedOrder): Promise<void> {
  const moved = await advanceOne(tx, jastip, 'settle', accepted.id)
  await markPaid(tx, moved)
}
