import { Permanent } from '../platform/job.ts'
import { startPaymentProvider } from '../simulators/payments.ts'
import { createGatewayProvider, type PaymentProvider } from './index.ts'

let simulator: Awaited<ReturnType<typeof startPaymentProvider>>
let gateway: PaymentProvider

beforeEach(async () => {
  simulator = await startPaymentProvider({ webhookSecret: 'a-webhook-secret-of-enough-length', apiKey: 'key-1' })
  gateway = createGatewayProvider({ baseUrl: simulator.url, apiKey: 'key-1', linkTimeoutMs: 300, refundTimeoutMs: 300 })
})
afterEach(() => simulator.close())

const link = {
  key: 'link-1',
  amount: '84200.00',
  currency: 'IDR',
  reference: '0192f0c1-7a3b-7c11-8a55-3f1f9b2d4e60',
  kind: 'dp',
  callbackUrl: 'http://127.0.0.1:9/api/webhooks/payment/dp',
}
const setFaults = (knobs: object) =>
  fetch(`${simulator.url}/_sim/faults`, {
    method: 'PUT',
    body: JSON.stringify(knobs),
    headers: { 'content-type': 'application/json' },
  })
const ledger = async (): Promise<{ refunds: unknown[] }> =>
  (await fetch(`${simulator.url}/_sim/ledger`)).json() as Promise<{ refunds: unknown[] }>
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    error => error,
  )

async function paidPayment(): Promise<string> {
  const { paymentId } = await gateway.createPaymentLink(link)
  await fetch(`${simulator.url}/pay/${paymentId}`, { method: 'POST' })
  return paymentId
}

test('the same key gives the same payment link', async () => {
  const made = await gateway.createPaymentLink(link)
  expect(made).toEqual({
    paymentId: expect.any(String),
    url: expect.stringContaining('http'),
    expiresAt: expect.any(Date),
  })
  expect((await gateway.createPaymentLink(link)).paymentId).toBe(made.paymentId)
})

test('a refund whose answer was lost is made again under its key and moves the money once', async () => {
  const paymentId = await paidPayment()
  await setFaults({ mode: 'lost-answer', failNext: 1 })
  const refund = { key: 'refund-1', paymentId, amount: '84200.00' }
  const lost = await failureOf(gateway.refund(refund))
  expect(lost).toBeInstanceOf(Error)
  expect(lost).not.toBeInstanceOf(Permanent)
  expect(await gateway.refund(refund)).toEqual({ status: 'succeeded', providerRefundId: expect.any(String) })
  expect((await ledger()).refunds).toHaveLength(1)
})

test('tells pending and declined refunds as what they are', async () => {
  const paymentId = await paidPayment()
  await setFaults({ refundMode: 'pending' })
  expect((await gateway.refund({ key: 'r-1', paymentId, amount: '200.00' })).status).toBe('pending')
  await setFaults({ refundMode: 'declined' })
  expect((await gateway.refund({ key: 'r-2', paymentId, amount: '200.50' })).status).toBe('declined')
})

test('a refused request is permanent; busy, throttled, broken and silent providers are worth another try', async () => {
  const paymentId = await paidPayment()
  const refund = { key: 'refund-1', paymentId, amount: '1.00' }
  for (const [mode, isPermanent] of [
    ['error-400', true],
    ['error-429', false],
    ['error-500', false],
    ['timeout', false],
  ] as const) {
    await setFaults({ mode, failNext: 1 })
    const error = await failureOf(gateway.refund(refund))
    expect(error).toBeInstanceOf(Error)
    expect([mode, error instanceof Permanent]).toEqual([mode, isPermanent])
  }
  expect(await failureOf(gateway.refund({ ...refund, key: 'too-much', amount: '84200.01' }))).toBeInstanceOf(Permanent)
  // 409: another link stands under this key, or one is being made right now.
  expect(await failureOf(gateway.createPaymentLink({ ...link, amount: '1.00' }))).not.toBeInstanceOf(Permanent)
  const stranger = createGatewayProvider({ baseUrl: simulator.url, apiKey: 'another' })
  expect(await failureOf(stranger.refund(refund))).toBeInstanceOf(Permanent)
})

test('a caller may stop waiting, and a provider that is not there is worth another try', async () => {
  const aborted = AbortSignal.abort(new Error('cancelled'))
  expect(await failureOf(gateway.createPaymentLink(link, aborted))).toMatchObject({ message: 'cancelled' })
  await simulator.close()
  expect(await failureOf(gateway.createPaymentLink(link))).not.toBeInstanceOf(Permanent)
})
