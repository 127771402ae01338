import { findOrCreateGuest, issueGuestToken } from '../../identity/index.ts'
import { createOrder } from '../../orders/index.ts'
import { invalid, notFound } from '../../platform/errors.ts'
import { claimIdempotencyKey, idempotencyScope } from '../../platform/idempotency.ts'
import { newId } from '../../platform/ids.ts'
import { toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import { DP_SECONDS, jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import { type CheckoutRow, type CheckoutTrip, findCheckout, findCheckoutTrip } from '../queries/checkout.ts'
import { type Quote, quoteItems, type WantedItem } from '../quote.ts'
import { CURRENCY } from '../rupiah.ts'
import { holdQuoted } from './hold-quoted.ts'
import { insertJastipOrder } from './insert-jastip-order.ts'
import { joinTrip } from './join-trip.ts'

export type Checkout = {
  tripId: string
  /** E.164. */
  phone: string
  name: string
  email?: string | undefined
  language?: 'id' | 'en' | undefined
  address?: Record<string, unknown> | undefined
  notes?: string | undefined
  items: WantedItem[]
}

export type CheckoutCall = { idempotencyKey: string | undefined; body: unknown; contactHmacKey: string }

/**
 * Takes a guest's order: participant, items at today's price, stock, code, the link's token and the message, or nothing
 * at all. A replayed Idempotency-Key answers with the same order and a new token; the earlier one is revoked. The stock
 * comes last, since its rows are what checkouts wait for.
 * @throws AppError 404 for an unknown trip, 409 `trip_closed`, `product_unavailable`, `stock_insufficient`,
 * `too_many_open_orders`, 422 `address_required`, `details_required`, `order_too_large`
 */
export async function checkOut(
  tx: Tx,
  checkout: Checkout,
  call: CheckoutCall,
): Promise<CheckoutRow & { token: string }> {
  const claim = await claimIdempotencyKey(tx, {
    scope: idempotencyScope(tx.actor, call.body),
    route: 'jastip.checkout',
    key: call.idempotencyKey,
    body: call.body,
  })
  if (claim.replayOf !== undefined) return await replay(tx, claim.replayOf)
  const trip = await findCheckoutTrip(
    tx.db,
    checkout.tripId,
    checkout.items.map(item => item.productId),
  )
  if (trip === undefined) throw notFound('Trip')
  const quote = quoteItems(trip, checkout.items, tx.now)
  if (quote.hasGoods && checkout.address === undefined) {
    throw invalid('address_required', 'address', 'an order with goods needs an address')
  }
  const row = await placeOrder(tx, checkout, call, trip, quote)
  await claim.store(row.orderId, 201)
  return row
}

async function placeOrder(tx: Tx, checkout: Checkout, call: CheckoutCall, trip: CheckoutTrip, quote: Quote) {
  const { phone, name, email, language } = checkout
  const guest = await findOrCreateGuest(tx, call.contactHmacKey, { phone, name, email, language })
  const participantId = await joinTrip(tx, { tripId: trip.id, guestId: guest.id, phone, name, email })
  const id = newId()
  const deadlineAt = new Date(tx.now.getTime() + (trip.demoDpSeconds ?? DP_SECONDS) * 1000)
  const created = await createOrder(tx, jastip, {
    id,
    status: 'pending_dp',
    ownerId: trip.jastiperId,
    customerRef: guest.id,
    currency: CURRENCY,
    total: toNumeric(quote.subtotal),
    deadlineAt,
  })
  await insertJastipOrder(tx, id, { checkout, trip, quote, participantId, guestId: guest.id })
  const token = await issueGuestToken(tx, {
    orderId: id,
    guestId: guest.id,
    sellerId: trip.jastiperId,
    purpose: 'checkout',
  })
  const order = { id, version: created.version, ownerId: trip.jastiperId, customerRef: guest.id }
  await notify(tx, [{ event: 'order_created', to: 'buyer', order, data: { deadline: deadlineAt } }])
  await holdQuoted(tx, id, quote.lines, deadlineAt)
  return {
    orderId: id,
    orderCode: created.code ?? '',
    guestId: guest.id,
    sellerId: trip.jastiperId,
    sellerSlug: trip.jastiperSlug,
    subtotal: toNumeric(quote.subtotal),
    dpAmount: toNumeric(quote.dp),
    dpDeadline: deadlineAt,
    finalPaymentHours: trip.finalPaymentHours,
    bankAccount: trip.bankAccount,
    token,
  }
}

async function replay(tx: Tx, orderId: string): Promise<CheckoutRow & { token: string }> {
  const row = await findCheckout(tx.db, orderId)
  if (row === undefined) throw notFound('Order')
  const { guestId, sellerId } = row
  return { ...row, token: await issueGuestToken(tx, { orderId, guestId, sellerId, purpose: 'checkout' }) }
}
