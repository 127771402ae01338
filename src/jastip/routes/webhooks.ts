import { SIGNATURE_HEADER, verifySignature } from '../../payments/index.ts'
import type { Actor } from '../../platform/actor.ts'
import { AppError, conflict, notFound } from '../../platform/errors.ts'
import { type Call, type Route, route } from '../../platform/http.ts'
import { parseRawJson } from '../../platform/parse-input.ts'
import { inTransaction } from '../../platform/tx.ts'
import { type PaymentOutcome, receivePayment } from '../commands/receive-payment.ts'
import { receiveRefund } from '../commands/receive-refund.ts'
import type { PaymentKind } from '../commands/submit-payment.ts'
import type { JastipDeps } from '../deps.ts'
import { paymentWebhook, refundWebhook } from '../inputs.ts'
import { webhookShape } from '../shapes.ts'

const gateway: Actor = { kind: 'provider', name: 'gateway' }
const SIGNATURE_ERRORS = ['signature_invalid', 'timestamp_out_of_range']

/** Nothing is parsed or written before the signature fits. The signer's clock is the world's, not the database's. */
function checkSignature(deps: JastipDeps, { req, body }: Call<unknown, unknown, Buffer>): void {
  verifySignature(req.get(SIGNATURE_HEADER), body, deps.config.PAYMENT_WEBHOOK_SECRET, new Date())
}

const paymentRoute = (kind: PaymentKind) =>
  route<JastipDeps, unknown, unknown, Buffer, unknown>(
    {
      method: 'post',
      path: `/api/webhooks/payment/${kind}`,
      who: ['signed'],
      summary: kind === 'dp' ? 'The gateway reports a down payment' : 'The gateway reports a final payment',
      answer: webhookShape,
      errors: [...SIGNATURE_ERRORS, 'payment_bound_elsewhere', 'amount_mismatch'],
      bodyAs: 'raw',
    },
    async (deps, call) => {
      checkSignature(deps, call)
      const news = { ...parseRawJson(paymentWebhook, call.body), kind, rawBody: call.body }
      return answerOutcome(await inTransaction(deps, gateway, tx => receivePayment(tx, news)))
    },
  )

/** Refusals are thrown here, after what was recorded of them committed. */
function answerOutcome(outcome: PaymentOutcome) {
  if (outcome === 'unknown') throw notFound('Order')
  if (outcome === 'bound_elsewhere') {
    throw conflict('payment_bound_elsewhere', 'This payment id belongs to another order or another kind of payment')
  }
  if (outcome === 'amount_mismatch') {
    throw new AppError(422, 'amount_mismatch', 'The amount or currency is not what the order waits for')
  }
  return { data: { processed: outcome !== 'duplicate', duplicate: outcome === 'duplicate' } }
}

const postRefund = route<JastipDeps, unknown, unknown, Buffer, unknown>(
  {
    method: 'post',
    path: '/api/webhooks/payment/refund',
    who: ['signed'],
    summary: 'The gateway reports the end of a refund that was pending',
    answer: webhookShape,
    errors: [...SIGNATURE_ERRORS, 'amount_mismatch'],
    bodyAs: 'raw',
  },
  async (deps, call) => {
    checkSignature(deps, call)
    const news = { ...parseRawJson(refundWebhook, call.body), rawBody: call.body }
    return answerOutcome(await inTransaction(deps, gateway, tx => receiveRefund(tx, news)))
  },
)

export const webhookRoutes: Route<JastipDeps>[] = [paymentRoute('dp'), paymentRoute('final'), postRefund]
