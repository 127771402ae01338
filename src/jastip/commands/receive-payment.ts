import { bindReference, recordWebhook, type WebhookOutcome } from '../../payments/index.ts'
import { newId } from '../../platform/ids.ts'
import { toCents, toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import { type JastipOrder, lockOrder } from '../queries/orders.ts'
import { findPayment, type Payment } from '../queries/payments.ts'
import { closePayments } from './close-payments.ts'
import { oweRefunds } from './owe-refunds.ts'
import { type PaymentKind, submitPayment } from './submit-payment.ts'

/** Payment ids of jastip's gateway. */
export const GATEWAY_SCOPE = 'jastip:gateway'

/** What a signed webhook says; the amount is a JSON number with at most two decimals. */
export type PaymentNews = {
  kind: PaymentKind
  paymentId: string
  orderId: string
  status: 'paid' | 'failed' | 'expired'
  amount: number
  currency: string
  rawBody: Buffer
}

export type PaymentOutcome = WebhookOutcome | 'bound_elsewhere'

/**
 * Takes what the gateway reports about a payment, once per payment id and status. A refusal (`unknown`,
 * `amount_mismatch`, `bound_elsewhere`) is an outcome, not a throw: what was recorded of it must commit.
 */
export async function receivePayment(tx: Tx, news: PaymentNews): Promise<PaymentOutcome> {
  const order = await lockOrder(tx, news.orderId)
  const outcome = order === undefined ? 'unknown' : await placeNews(tx, order, news)
  await recordWebhook(tx, {
    scope: GATEWAY_SCOPE,
    reference: news.paymentId,
    orderId: news.orderId,
    amount: toNumeric(toCents(news.amount)),
    outcome: outcome === 'bound_elsewhere' ? 'unknown' : outcome,
    rawBody: news.rawBody,
  })
  return outcome
}

async function placeNews(tx: Tx, order: JastipOrder, news: PaymentNews): Promise<PaymentOutcome> {
  const ours = {
    scope: GATEWAY_SCOPE,
    reference: news.paymentId,
    orderId: order.id,
    paymentId: newId(),
    kind: news.kind,
  }
  const bound = await bindReference(tx, ours)
  if (bound !== 'new' && (bound.orderId !== order.id || bound.kind !== news.kind)) return 'bound_elsewhere'
  const payment = bound === 'new' ? undefined : await findPayment(tx.db, order.id, bound.paymentId)
  const id = payment?.id ?? ours.paymentId
  if (news.status !== 'paid') return await placeFailure(tx, order, news, id, payment)
  if (payment?.status === 'succeeded') return 'duplicate'
  if (payment?.status === 'mismatched') return 'amount_mismatch'
  const matches = isAsked(order, news)
  await savePayment(tx, order, news, id, matches ? 'succeeded' : 'mismatched')
  return matches ? await placeMoney(tx, order, news.kind, id) : 'amount_mismatch'
}

function isAsked(order: JastipOrder, news: PaymentNews): boolean {
  const asked = askedAmount(order, news.kind)
  return asked !== null && news.currency === order.currency && toCents(news.amount) === toCents(asked)
}

const askedAmount = (order: JastipOrder, kind: PaymentKind): string | null =>
  kind === 'dp' ? order.dpAmount : order.remainingAmount

/** `failed` and `expired` close the payment only; after `paid` they are recorded and ignored. */
async function placeFailure(
  tx: Tx,
  order: JastipOrder,
  news: PaymentNews,
  id: string,
  payment: Payment | undefined,
): Promise<PaymentOutcome> {
  if (payment?.status === news.status) return 'duplicate'
  if (payment !== undefined && payment.status !== 'pending') return 'late'
  await savePayment(tx, order, news, id, news.status === 'failed' ? 'failed' : 'expired')
  return 'accepted'
}

/**
 * Money that the order waits for moves it. Money beside a claim that nobody has judged yet takes the claim's place. Any
 * other money is too late or too much and goes back at once; the order does not move.
 */
async function placeMoney(tx: Tx, order: JastipOrder, kind: PaymentKind, id: string): Promise<PaymentOutcome> {
  const waiting = kind === 'dp' ? 'pending_dp' : 'awaiting_final_payment'
  const judged = kind === 'dp' ? 'awaiting_validation' : 'awaiting_final_validation'
  if (order.status === waiting) {
    await submitPayment(tx, order, kind)
    return 'accepted'
  }
  if (order.status === judged && (await closePayments(tx, [order.id], { kind, from: 'claimed', to: 'refused' })) > 0) {
    return 'accepted'
  }
  await oweRefunds(tx, [order.id], 'late_payment', { paymentId: id })
  return 'late'
}

async function savePayment(
  tx: Tx,
  order: JastipOrder,
  news: PaymentNews,
  id: string,
  status: 'succeeded' | 'mismatched' | 'failed' | 'expired',
): Promise<void> {
  const received = toNumeric(toCents(news.amount))
  const now = { status, updated_at: tx.now, received_amount: news.status === 'paid' ? received : null }
  await tx.db
    .insertInto('jastip_payments')
    .values({
      ...now,
      order_id: order.id,
      id,
      kind: news.kind,
      provider: 'gateway',
      amount: askedAmount(order, news.kind) ?? received,
      provider_payment_id: news.paymentId,
      created_at: tx.now,
    })
    .onConflict(oc => oc.columns(['order_id', 'id']).doUpdateSet({ ...now, provider_payment_id: news.paymentId }))
    .execute()
}
