import { bindReference, type PaymentLink, type PaymentProvider } from '../../payments/index.ts'
import type { Actor } from '../../platform/actor.ts'
import { AppError, conflict, notFound } from '../../platform/errors.ts'
import { claimIdempotencyKey, idempotencyScope } from '../../platform/idempotency.ts'
import { newId } from '../../platform/ids.ts'
import { inTransaction, type Tx } from '../../platform/tx.ts'
import type { JastipDeps } from '../deps.ts'
import { type JastipOrder, lockOrder } from '../queries/orders.ts'
import { findPayment, type Payment } from '../queries/payments.ts'
import { GATEWAY_SCOPE } from './receive-payment.ts'
import type { PaymentKind } from './submit-payment.ts'

export type CreatedPayment = { id: string; link: string; expiresAt: Date }

/**
 * Asks the gateway for a link with which the buyer pays what is due. The payment is written first and is the key at the
 * gateway, so that a repeat after a lost answer gets the same link.
 * @throws AppError 409 `order_wrong_state`, 503 `gateway_unavailable`
 */
export async function createPayment(
  deps: JastipDeps,
  actor: Actor,
  given: { orderId: string; kind: PaymentKind; idempotencyKey: string | undefined },
): Promise<CreatedPayment> {
  const provider = deps.paymentProvider
  if (provider === undefined) throw unavailable('There is no payment gateway: pay by transfer')
  const payment = await inTransaction(deps, actor, tx => openPayment(tx, given))
  if (payment.link !== null && payment.expiresAt !== null) {
    return { id: payment.id, link: payment.link, expiresAt: payment.expiresAt }
  }
  const link = await askForLink(deps, provider, payment)
  await inTransaction(deps, actor, tx => recordLink(tx, payment, link))
  return { id: payment.id, link: link.url, expiresAt: link.expiresAt }
}

type Wanted = { orderId: string; kind: PaymentKind; idempotencyKey: string | undefined }

async function openPayment(tx: Tx, wanted: Wanted): Promise<Payment> {
  const { orderId, kind } = wanted
  const order = await lockOrder(tx, orderId)
  if (order === undefined) throw notFound('Order')
  const body = { orderId, kind }
  const claim = await claimIdempotencyKey(tx, {
    scope: idempotencyScope(tx.actor, body),
    route: 'jastip.payment',
    key: wanted.idempotencyKey,
    body,
  })
  if (claim.replayOf !== undefined) return await replayed(tx, order, claim.replayOf)
  const payment = await insertPending(tx, order, kind)
  await claim.store(payment.id, 201)
  return payment
}

async function replayed(tx: Tx, order: JastipOrder, paymentId: string): Promise<Payment> {
  const payment = await findPayment(tx.db, order.id, paymentId)
  if (payment === undefined) throw notFound('Payment')
  if (payment.link === null && payment.status !== 'pending') throw wrongState(order)
  return payment
}

async function insertPending(tx: Tx, order: JastipOrder, kind: PaymentKind): Promise<Payment> {
  const amount = kind === 'dp' ? order.dpAmount : order.remainingAmount
  const waiting = kind === 'dp' ? 'pending_dp' : 'awaiting_final_payment'
  if (order.status !== waiting || amount === null) throw wrongState(order)
  const id = newId()
  const status = 'pending'
  await tx.db
    .insertInto('jastip_payments')
    .values({
      order_id: order.id,
      id,
      kind,
      provider: 'gateway',
      amount,
      status,
      created_at: tx.now,
      updated_at: tx.now,
    })
    .execute()
  const unanswered = { receivedAmount: null, providerPaymentId: null, link: null, expiresAt: null }
  return { id, orderId: order.id, kind, provider: 'gateway', amount, status, createdAt: tx.now, ...unanswered }
}

async function askForLink(deps: JastipDeps, provider: PaymentProvider, payment: Payment): Promise<PaymentLink> {
  const { id: key, amount, orderId: reference, kind } = payment
  const callbackUrl = `${deps.config.PUBLIC_URL.replace(/\/+$/, '')}/api/webhooks/payment/${kind}`
  try {
    return await provider.createPaymentLink({ key, amount, currency: 'IDR', reference, kind, callbackUrl })
  } catch (error) {
    deps.log.warn({ err: error, order_id: reference }, 'the payment gateway gave no payment link')
    throw unavailable('The payment gateway does not answer; try again or pay by transfer')
  }
}

/** The webhook may come before this, or an equal call: both found or made the same binding. */
async function recordLink(tx: Tx, payment: Payment, link: PaymentLink): Promise<void> {
  await bindReference(tx, {
    scope: GATEWAY_SCOPE,
    reference: link.paymentId,
    orderId: payment.orderId,
    paymentId: payment.id,
    kind: payment.kind,
  })
  await tx.db
    .updateTable('jastip_payments')
    .set({ provider_payment_id: link.paymentId, link: link.url, expires_at: link.expiresAt, updated_at: tx.now })
    .where('order_id', '=', payment.orderId)
    .where('id', '=', payment.id)
    .execute()
}

const unavailable = (message: string) => new AppError(503, 'gateway_unavailable', message)
const wrongState = (order: JastipOrder) =>
  conflict('order_wrong_state', `The order is ${order.status} and waits for no such payment`, {
    currentStatus: order.status,
  })
