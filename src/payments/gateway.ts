import { z } from 'zod'
import { Permanent } from '../platform/job.ts'
import { toAmount } from '../platform/money.ts'
import type { PaymentLinkRequest, PaymentProvider, RefundRequest } from './provider.ts'

export type GatewayConfig = {
  baseUrl: string
  apiKey: string
  /** How long a payment link may take: a buyer waits. */
  linkTimeoutMs?: number
  /** How long a refund may take. Below the grace period of a deploy, so that a call under way gets its answer. */
  refundTimeoutMs?: number
}

const linkAnswer = z.object({
  payment_id: z.string().min(1).max(200),
  url: z.url({ protocol: /^https?$/ }),
  expires_at: z.iso.datetime({ offset: true }),
})
const refundAnswer = z.object({
  refund_id: z.string().max(200).optional(),
  status: z.enum(['succeeded', 'pending', 'declined']),
})

/** The payment gateway over HTTP. */
export function createGatewayProvider(config: GatewayConfig): PaymentProvider {
  const { linkTimeoutMs = 10_000, refundTimeoutMs = 7_000 } = config
  return {
    name: 'gateway',
    async createPaymentLink(request, signal) {
      const answer = await call(config, 'payment-links', linkBody(request), linkTimeoutMs, signal)
      const link = readAnswer(linkAnswer, answer)
      return { paymentId: link.payment_id, url: link.url, expiresAt: new Date(link.expires_at) }
    },
    async refund(request, signal) {
      const answer = await call(config, 'refunds', refundBody(request), refundTimeoutMs, signal)
      const refund = readAnswer(refundAnswer, answer)
      return { status: refund.status, providerRefundId: refund.refund_id ?? null }
    },
  }
}

const linkBody = ({ key, amount, currency, reference, kind, callbackUrl }: PaymentLinkRequest) => ({
  key,
  amount: toAmount(amount),
  currency,
  reference,
  kind,
  callback_url: callbackUrl,
})

const refundBody = (request: RefundRequest) => ({
  key: request.key,
  amount: toAmount(request.amount),
  ...('paymentId' in request ? { payment_id: request.paymentId } : { charge_key: request.chargeKey }),
})

async function call(
  config: GatewayConfig,
  path: string,
  body: object,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<unknown> {
  const { status, text } = await post(config, path, body, timeoutMs, signal).catch(error => {
    signal?.throwIfAborted()
    throw new Error(`the payment gateway gave no answer to ${path}`, { cause: error })
  })
  if (status < 200 || status > 299) throw refusal(path, status)
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`the payment gateway answered ${path} with something that is not JSON`)
  }
}

async function post(config: GatewayConfig, path: string, body: object, timeoutMs: number, signal?: AbortSignal) {
  const timeout = AbortSignal.timeout(timeoutMs)
  const response = await fetch(`${config.baseUrl.replace(/\/+$/, '')}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${config.apiKey}` },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  })
  return { status: response.status, text: await response.text() }
}

/** Busy, throttled, a key still being worked on, broken: later. Everything else that it refuses, it will refuse again. */
function refusal(path: string, status: number): Error {
  const message = `the payment gateway answered ${path} with ${status}`
  return status >= 400 && status < 500 && ![408, 409, 429].includes(status)
    ? new Permanent(message)
    : new Error(message)
}

function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new Error(`the payment gateway's answer has a bad ${parsed.error.issues[0]?.path.join('.') || 'shape'}`)
}
