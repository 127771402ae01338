import { listEvents } from '../orders/index.ts'
import type { Actor } from '../platform/actor.ts'
import { toAmount } from '../platform/money.ts'
import type { Db } from '../platform/tx.ts'
import { STATUS_LABELS } from './flow.ts'
import { listOrderItems, type OrderItem } from './queries/order-items.ts'
import { findOrderPeople } from './queries/order-people.ts'
import type { JastipOrder } from './queries/orders.ts'
import { listPayments, type Payment } from './queries/payments.ts'
import type { Product } from './queries/products.ts'
import { listProofs, type Proof } from './queries/proofs.ts'
import type { Refund } from './queries/refunds.ts'
import { isOpen, type PublicTrip, type Trip } from './queries/trips.ts'

const amountOrNull = (value: string | null): number | null => (value === null ? null : toAmount(value))

/** The order as this caller sees it: sellers and admins also see the buyer's phone, and what the gateway calls things. */
export async function viewOrder(db: Db, actor: Actor, order: JastipOrder) {
  const isBuyer = actor.kind === 'pass'
  const [items, people, payments, proofs, events] = await Promise.all([
    listOrderItems(db, [order.id]),
    findOrderPeople(db, order.id),
    listPayments(db, order.id),
    listProofs(db, order.id),
    listEvents(db, order.id),
  ])
  const { phone, ...buyer } = people.buyer
  return {
    ...viewHead(order),
    trip: people.trip,
    jastiper: people.jastiper,
    buyer: isBuyer ? buyer : { ...buyer, phone },
    shippingAddress: order.shippingAddress,
    notes: order.notes,
    items: items.map(viewItem),
    breakdown: order.breakdown,
    rejectionReason: order.rejectionReason,
    courier: order.courier,
    trackingNumber: order.trackingNumber,
    payments: payments.map(payment => viewPayment(payment)),
    proofs: proofs.map(viewProof),
    events,
  }
}

/** What a list shows of an order. */
export const viewHead = (order: JastipOrder) => ({
  id: order.id,
  code: order.code,
  flow: 'jastip',
  status: order.status,
  statusLabel: STATUS_LABELS[order.status],
  version: order.version,
  currency: order.currency,
  buyerName: order.buyerName,
  tripId: order.tripId,
  subtotal: toAmount(order.subtotal),
  dpPercent: Number(order.dpPercent),
  dpAmount: toAmount(order.dpAmount),
  totalFinal: order.breakdown?.totalFinal ?? null,
  remainingAmount: amountOrNull(order.remainingAmount),
  refundStatus: order.refundStatus,
  finalPaymentHours: order.finalPaymentHours,
  deadlineAt: order.deadlineAt,
  dpPaidAt: order.dpPaidAt,
  validatedAt: order.validatedAt,
  finalPaidAt: order.finalPaidAt,
  finalValidatedAt: order.finalValidatedAt,
  shippedAt: order.shippedAt,
  createdAt: order.createdAt,
  updatedAt: order.updatedAt,
  closedAt: order.closedAt,
})

const viewItem = (item: OrderItem) => ({
  id: item.id,
  productId: item.productId,
  title: item.title,
  type: item.type,
  price: toAmount(item.price),
  quantity: item.quantity,
  subtotal: toAmount(item.subtotal),
  weightGram: item.weightGram,
  markupType: item.markupType,
  markupValue: toAmount(item.markupValue),
  note: item.note,
})

const viewPayment = (payment: Payment) => ({
  id: payment.id,
  kind: payment.kind,
  provider: payment.provider,
  amount: toAmount(payment.amount),
  receivedAmount: amountOrNull(payment.receivedAmount),
  status: payment.status,
  paymentLink: payment.status === 'pending' ? payment.link : null,
  expiresAt: payment.expiresAt,
  createdAt: payment.createdAt,
})

const viewProof = (proof: Proof) => ({
  id: proof.id,
  kind: proof.kind,
  contentType: proof.contentType,
  bytes: proof.bytes,
  createdAt: proof.createdAt,
  url: `/api/uploads/${proof.id}`,
})

export const viewRefund = (refund: Refund) => ({
  id: refund.id,
  paymentId: refund.paymentId,
  amount: toAmount(refund.amount),
  reason: refund.reason,
  provider: refund.provider,
  status: refund.status,
  reference: refund.reference,
  attempts: refund.attempts,
  createdAt: refund.createdAt,
  updatedAt: refund.updatedAt,
})

/** A trip as its owner sees it. */
export const viewTrip = ({ dpPercentage, jastiperId: _owner, ...trip }: Trip, now: Date) => ({
  ...trip,
  dpPercentage: Number(dpPercentage),
  isOpen: isOpen(trip, now),
})

/** A trip as buyers see it. */
export const viewPublicTrip = ({ dpPercentage, jastiperId: _owner, ...trip }: PublicTrip, now: Date) => ({
  ...trip,
  dpPercentage: Number(dpPercentage),
  isOpen: isOpen(trip, now),
})

/** A product as its owner sees it. */
export const viewProduct = ({ price, markupValue, stockItemId: _item, ...product }: Product) => ({
  ...product,
  price: toAmount(price),
  markupValue: toAmount(markupValue),
  isUnlimitedStock: product.stock === null,
})

/** A product as buyers see it. */
export function viewPublicProduct(product: Product) {
  const { status: _status, createdAt: _created, updatedAt: _updated, ...shown } = viewProduct(product)
  return shown
}
