import { z } from 'zod'
import { amountInCents, centsToNumber } from './amounts.ts'
import { createFaults, faultKnobs } from './faults.ts'
import { type Answer, type Call, type Outcome, type Refuse, type Route, type Simulator, serve } from './http-server.ts'
import * as ledgers from './payment-ledger.ts'
import { paymentPage } from './payment-page.ts'
import { createWebhooks, signAntre, type Webhooks } from './webhooks.ts'

export type PaymentProviderOptions = {
  port?: number
  webhookSecret: string
  /** When set, the calls of the API must carry it as bearer token; the payment page never does. */
  apiKey?: string
  /** Where refund webhooks go; otherwise next to the payment's callback_url, last path segment `refund`. */
  refundCallbackUrl?: string
  webhookRetryMs?: readonly number[]
}

const moneyStatus = z.enum(['succeeded', 'pending', 'declined']).default('succeeded')
const paymentKnobs = faultKnobs.extend({ chargeMode: moneyStatus, refundMode: moneyStatus })

const settlement = z.object({
  outcome: z.enum(['paid', 'failed', 'expired']).default('paid'),
  amount: amountInCents.optional(),
  paidAt: z.iso.datetime({ offset: true }).optional(),
})
const refundEnd = z.object({ outcome: z.enum(['succeeded', 'failed']).default('succeeded') })

const refuse: Refuse = (status, code, message) => ({ status, body: { error: { code, message } } })

/**
 * A payment provider as a real server: payment links with their page, charges, refunds, and signed webhooks.
 * Every call is idempotent by its key. The knobs of `/_sim/faults` strike these calls, never the page or `/_sim/…`.
 * `GET /_sim/ledger` tells all that happened; `POST /_sim/refunds/:refundId/finish` ends a pending refund.
 */
export async function startPaymentProvider(options: PaymentProviderOptions): Promise<Simulator> {
  const ledger = ledgers.emptyLedger()
  const webhooks = createWebhooks(raw => signAntre(options.webhookSecret, raw), options.webhookRetryMs)
  const routes = [
    ...apiRoutes(ledger, options.apiKey),
    ...pageRoutes(ledger, webhooks),
    ...refundEndRoutes(ledger, webhooks, options.refundCallbackUrl),
    {
      method: 'GET',
      path: '/_sim/ledger',
      handle: () => ({ status: 200, body: { ...ledgers.viewLedger(ledger), webhooks: webhooks.deliveries } }),
    },
  ]
  const server = await serve(routes, refuse, options.port)
  return { ...server, close: async () => void (await Promise.all([webhooks.close(), server.close()])) }
}

function apiRoutes(ledger: ledgers.Ledger, apiKey: string | undefined): Route[] {
  const faults = createFaults(paymentKnobs, refuse)

  function endpoint(name: keyof ledgers.Ledger['calls'], work: (call: Call) => Answer): Route {
    const handle = (call: Call): Outcome | Promise<Outcome> => {
      if (apiKey !== undefined && call.headers.authorization !== `Bearer ${apiKey}`) {
        return refuse(401, 'unauthorized', 'the API key is missing or wrong')
      }
      ledgers.countCall(ledger.calls[name], call.body)
      return faults.run(() => work(call))
    }
    return { method: 'POST', path: `/${name}`, handle }
  }

  return [
    ...faults.routes,
    endpoint('payment-links', call => answerLink(ledger, call)),
    endpoint('charges', call => answerCharge(ledger, call, faults.knobs().chargeMode)),
    endpoint('refunds', call => answerRefund(ledger, call, faults.knobs().refundMode)),
  ]
}

function answerLink(ledger: ledgers.Ledger, { body, headers }: Call): Answer {
  const wanted = ledgers.linkRequest.safeParse(body)
  if (!wanted.success) return invalid(wanted.error)
  const payment = ledgers.openPayment(ledger, wanted.data)
  if (!payment) return refuse(409, 'key_reused', 'this key stands for another payment')
  const url = `http://${headers.host}/pay/${payment.id}`
  return { status: 200, body: { payment_id: payment.id, url, expires_at: payment.expires_at } }
}

function answerCharge(ledger: ledgers.Ledger, { body }: Call, mode: ledgers.MoneyStatus): Answer {
  const wanted = ledgers.chargeRequest.safeParse(body)
  if (!wanted.success) return invalid(wanted.error)
  const made = ledgers.charge(ledger, wanted.data, mode)
  if (!made) return refuse(422, 'key_reused', 'this key stands for another charge')
  return { status: 200, body: { charge_id: made.id, status: made.status } }
}

function answerRefund(ledger: ledgers.Ledger, { body }: Call, mode: ledgers.MoneyStatus): Answer {
  const wanted = ledgers.refundRequest.safeParse(body)
  if (!wanted.success) return invalid(wanted.error)
  const made = ledgers.refund(ledger, wanted.data, mode)
  if (made === 'key_reused') return refuse(422, made, 'this key stands for another refund')
  if (made === 'source_not_found') return refuse(404, made, 'no such payment or charge')
  if (made === 'refund_exceeds') return refuse(422, made, 'more than what was received and not yet given back')
  return { status: 200, body: { refund_id: made.id, status: made.status } }
}

function invalid(error: z.ZodError): Answer {
  return refuse(400, 'invalid_request', z.prettifyError(error))
}

function pageRoutes(ledger: ledgers.Ledger, webhooks: Webhooks): Route[] {
  const unknownPayment = refuse(404, 'payment_not_found', 'no such payment')

  function settle({ params, body, headers }: Call): Answer {
    const payment = ledger.paymentsById.get(params.paymentId ?? '')
    if (!payment) return unknownPayment
    const wanted = settlement.safeParse(body)
    if (!wanted.success) return invalid(wanted.error)
    const { outcome, amount = payment.amount, paidAt = new Date().toISOString() } = wanted.data
    if (payment.status === 'paid' && outcome !== 'paid') return refuse(409, 'already_paid', 'this payment is paid')
    // Paying again what is paid moves nothing; it only makes the provider say it again.
    if (outcome === 'paid' && payment.status !== 'paid') {
      payment.received = amount
      payment.paid_at = paidAt
    }
    payment.status = outcome
    const told = paymentWebhookBody(payment)
    void webhooks.send(payment.callback_url, told)
    if (headers['content-type']?.includes('x-www-form-urlencoded')) return { status: 200, body: paymentPage(payment) }
    return { status: 200, body: { payment_id: payment.id, status: payment.status, amount: told.amount } }
  }

  return [
    {
      method: 'GET',
      path: '/pay/:paymentId',
      handle: ({ params }) => {
        const payment = ledger.paymentsById.get(params.paymentId ?? '')
        return payment ? { status: 200, body: paymentPage(payment) } : unknownPayment
      },
    },
    { method: 'POST', path: '/pay/:paymentId', handle: settle },
  ]
}

function paymentWebhookBody({ id, reference, status, amount, received, currency, paid_at }: ledgers.Payment) {
  const cents = status === 'paid' ? received : amount
  return { paymentId: id, orderId: reference, status, amount: centsToNumber(cents), currency, paidAt: paid_at }
}

function refundEndRoutes(ledger: ledgers.Ledger, webhooks: Webhooks, callbackUrl: string | undefined): Route[] {
  function finish({ params, body }: Call): Answer {
    const made = ledger.refundsById.get(params.refundId ?? '')
    if (!made) return refuse(404, 'refund_not_found', 'no such refund')
    const wanted = refundEnd.safeParse(body)
    if (!wanted.success) return invalid(wanted.error)
    const { outcome } = wanted.data
    const end = outcome === 'failed' ? 'declined' : outcome
    if (!ledgers.finishRefund(ledger, made, end)) return refuse(409, 'already_finished', `it is ${made.status}`)
    const payment = ledger.paymentsById.get(made.payment_id ?? '')
    const url = callbackUrl ?? (payment && new URL('refund', payment.callback_url).href)
    if (url !== undefined) void webhooks.send(url, refundWebhookBody(made, outcome))
    return { status: 200, body: { refund_id: made.id, status: made.status } }
  }
  return [{ method: 'POST', path: '/_sim/refunds/:refundId/finish', handle: finish }]
}

function refundWebhookBody(made: ledgers.Refund, status: 'succeeded' | 'failed') {
  const { id, key, payment_id, charge_key, amount, currency } = made
  const source = payment_id === undefined ? { chargeKey: charge_key } : { paymentId: payment_id }
  return { refundId: id, key, ...source, status, amount: centsToNumber(amount), currency }
}
