import { createHmac } from 'node:crypto'
import type { Call, Simulator } from './http-server.ts'
import type { viewLedger } from './payment-ledger.ts'
import { type PaymentProviderOptions, startPaymentProvider } from './payments.ts'
import { call, eventually, startReceiver } from './test-support.ts'
import type { Delivery } from './webhooks.ts'

const open: Simulator[] = []

/** Closes every server that the test has started. */
export async function closeAll() {
  await Promise.all(open.splice(0).map(simulator => simulator.close()))
}

/** A provider and a receiver of its webhooks, which answers with `receiverAnswers` in turn before it takes any. */
export async function start(options: Partial<PaymentProviderOptions> = {}, receiverAnswers: number[] = []) {
  const receiver = await startReceiver(['/hooks/dp', '/hooks/refund', '/refunds-elsewhere'], receiverAnswers)
  const provider = await startPaymentProvider({ webhookSecret: 'hook-secret', webhookRetryMs: [5, 5], ...options })
  open.push(receiver, provider)
  const post = (path: string, body: unknown, headers?: Record<string, string>) =>
    call<ProviderAnswer>('POST', `${provider.url}${path}`, body, headers)
  return {
    receiver,
    provider,
    post,
    setFaults: (knobs: unknown) => call('PUT', `${provider.url}/_sim/faults`, knobs),
    ledger: async () => (await call<LedgerAnswer>('GET', `${provider.url}/_sim/ledger`)).body,
    link: {
      key: 'dp:1',
      amount: 84_200,
      currency: 'IDR',
      reference: 'order-1',
      kind: 'dp',
      callback_url: `${receiver.url}/hooks/dp`,
    },
  }
}

type ProviderAnswer = {
  payment_id: string
  charge_id: string
  refund_id: string
  url: string
  expires_at: string
  status: string
  error: { code: string }
}
type LedgerAnswer = ReturnType<typeof viewLedger> & { webhooks: Delivery[] }
export type Started = Awaited<ReturnType<typeof start>>

/** A paid payment; resolves when its webhook has arrived. */
export async function paid({ post, link, receiver }: Started, amount = link.amount): Promise<string> {
  const { body } = await post('/payment-links', { ...link, amount })
  await post(`/pay/${body.payment_id}`, {})
  await eventually(() => receiver.calls.length > 0)
  return body.payment_id
}

/** The signature is made of the raw body with the secret of `start`, just now. */
export function expectSigned({ headers, rawBody }: Call) {
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-antre-signature'])) ?? []
  expect(v1).toBe(createHmac('sha256', 'hook-secret').update(`${t}.${rawBody}`).digest('hex'))
  expect(Math.abs(Date.now() / 1000 - Number(t))).toBeLessThan(60)
}
