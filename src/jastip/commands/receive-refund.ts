import { recordWebhook, type WebhookOutcome } from '../../payments/index.ts'
import { toCents, toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import { findRefundById, type Refund } from '../queries/refunds.ts'
import { finishRefund } from './finish-refund.ts'

/** What a signed webhook says; `key` is our refund's id, `refundId` the gateway's. */
export type RefundNews = {
  key: string
  refundId: string
  status: 'succeeded' | 'failed'
  amount: number
  rawBody: Buffer
}

/**
 * Ends the refund as the gateway reports it, once. A refusal (`unknown`, `amount_mismatch`) is an outcome, not a throw:
 * its record must commit.
 */
export async function receiveRefund(tx: Tx, news: RefundNews): Promise<WebhookOutcome> {
  const found = await findRefundById(tx.db, news.key)
  const known = found?.provider === 'gateway' ? found : undefined
  const outcome = known === undefined ? 'unknown' : await endRefund(tx, known, news)
  await recordWebhook(tx, {
    scope: 'jastip:refund',
    reference: news.refundId,
    orderId: known?.orderId ?? null,
    amount: toNumeric(toCents(news.amount)),
    outcome,
    rawBody: news.rawBody,
  })
  return outcome
}

async function endRefund(tx: Tx, refund: Refund, news: RefundNews): Promise<WebhookOutcome> {
  if (toCents(news.amount) !== toCents(refund.amount)) return 'amount_mismatch'
  const end = { status: news.status, providerRefundId: news.refundId }
  return (await finishRefund(tx, refund.orderId, refund.id, end)) ? 'accepted' : 'duplicate'
}
