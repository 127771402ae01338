import { closeAll, expectSigned, paid, type Started, start } from './payments-test-support.ts'
import { eventually } from './test-support.ts'

afterEach(closeAll)

describe('refunds', () => {
  test('one refund comes of 20 parallel calls with one key', async () => {
    const started = await start()
    const payment_id = await paid(started)
    const wanted = { key: 'refund-1', payment_id, amount: 84_200 }
    const answers = await Promise.all(Array.from({ length: 20 }, () => started.post('/refunds', wanted)))
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(answers[0]!.body).toEqual({ refund_id: expect.stringMatching(/^ref_/), status: 'succeeded' })
    const { refunds, totals } = await started.ledger()
    expect(refunds).toHaveLength(1)
    expect(refunds[0]).toMatchObject({ payment_id, amount: 84_200, currency: 'IDR', calls: 20 })
    expect(totals.IDR).toEqual({ in: '84200.00', out: '84200.00', net: '0.00' })
  })

  test('a refund whose answer was lost is there, and the same key answers it', async () => {
    const started = await start()
    const wanted = { key: 'refund-1', payment_id: await paid(started), amount: 84_200 }
    await started.setFaults({ mode: 'lost-answer', failNext: 1 })
    await expect(started.post('/refunds', wanted)).rejects.toThrow('fetch failed')
    expect((await started.ledger()).totals.IDR!.out).toBe('84200.00')
    expect((await started.post('/refunds', wanted)).body.status).toBe('succeeded')
    const { refunds, totals } = await started.ledger()
    expect(refunds).toHaveLength(1)
    expect(refunds[0]!.calls).toBe(2)
    expect(totals.IDR!.out).toBe('84200.00')
  })

  test.each([
    ['error-500', 500],
    ['error-429', 429],
    ['error-400', 400],
  ])('under %s nothing is given back, and the call is counted', async (mode, status) => {
    const started = await start()
    const payment_id = await paid(started)
    await started.setFaults({ mode })
    const answer = await started.post('/refunds', { key: 'refund-1', payment_id, amount: 84_200 })
    expect(answer.status).toBe(status)
    expect(answer.body.error.code).toMatch(/^simulated_/)
    const { refunds, calls } = await started.ledger()
    expect(refunds).toEqual([])
    expect(calls.refunds).toEqual({ 'refund-1': 1 })
  })

  test('never more than what was received, in cents exactly', async () => {
    const started = await start()
    const payment_id = await paid(started, 0.3)
    const refund = (key: string, amount: number) => started.post('/refunds', { key, payment_id, amount })
    expect((await refund('a', 0.1)).status).toBe(200)
    expect((await refund('b', 0.21)).body.error.code).toBe('refund_exceeds')
    expect((await refund('c', 0.2)).status).toBe(200)
    expect((await refund('d', 0.01)).status).toBe(422)
    expect((await started.ledger()).totals.IDR).toEqual({ in: '0.30', out: '0.30', net: '0.00' })
  })

  test('a payment that nobody paid and one that nobody knows give nothing back', async () => {
    const { post, link } = await start()
    const { body } = await post('/payment-links', link)
    expect((await post('/refunds', { key: 'a', payment_id: body.payment_id, amount: 1 })).status).toBe(422)
    expect((await post('/refunds', { key: 'b', payment_id: 'pay_unknown', amount: 1 })).status).toBe(404)
    expect((await post('/refunds', { key: 'c', amount: 1 })).status).toBe(400)
  })

  test('the same key for another amount is refused', async () => {
    const started = await start()
    const payment_id = await paid(started)
    await started.post('/refunds', { key: 'a', payment_id, amount: 1 })
    const answer = await started.post('/refunds', { key: 'a', payment_id, amount: 2 })
    expect(answer.status).toBe(422)
    expect(answer.body.error.code).toBe('key_reused')
  })

  test('a declined refund stays declined under its key and leaves the money', async () => {
    const started = await start()
    const payment_id = await paid(started)
    const wanted = { key: 'a', payment_id, amount: 84_200 }
    await started.setFaults({ refundMode: 'declined' })
    expect((await started.post('/refunds', wanted)).body.status).toBe('declined')
    await started.setFaults({})
    expect((await started.post('/refunds', wanted)).body.status).toBe('declined')
    expect((await started.post('/refunds', { ...wanted, key: 'b' })).body.status).toBe('succeeded')
  })
})

describe('pending refunds', () => {
  async function pendingRefund(started: Started) {
    const payment_id = await paid(started)
    await started.setFaults({ refundMode: 'pending' })
    const wanted = { key: 'refund-1', payment_id, amount: 84_200 }
    const { body } = await started.post('/refunds', wanted)
    expect(body.status).toBe('pending')
    const finish = (outcome: string) => started.post(`/_sim/refunds/${body.refund_id}/finish`, { outcome })
    return { payment_id, refund_id: body.refund_id, wanted, finish }
  }

  test('hold the money, succeed when finished, and tell it beside the callback of the payment', async () => {
    const started = await start()
    const { payment_id, refund_id, wanted, finish } = await pendingRefund(started)
    expect((await started.ledger()).totals.IDR!.out).toBe('0.00')
    expect((await started.post('/refunds', { ...wanted, key: 'other' })).status).toBe(422)
    expect((await finish('succeeded')).body).toEqual({ refund_id, status: 'succeeded' })
    await eventually(() => started.receiver.calls.length === 2)
    const received = started.receiver.calls[1]!
    expectSigned(received)
    expect(received.path).toBe('/hooks/refund')
    expect(received.body).toEqual({
      refundId: refund_id,
      key: 'refund-1',
      paymentId: payment_id,
      status: 'succeeded',
      amount: 84_200,
      currency: 'IDR',
    })
    expect((await started.post('/refunds', wanted)).body).toEqual({ refund_id, status: 'succeeded' })
    expect((await started.ledger()).totals.IDR!.out).toBe('84200.00')
    expect((await finish('failed')).status).toBe(409)
  })

  test('free the money again when they fail', async () => {
    const started = await start({})
    const { wanted, finish } = await pendingRefund(started)
    await finish('failed')
    await eventually(() => started.receiver.calls.length === 2)
    expect(started.receiver.calls[1]!.body).toMatchObject({ status: 'failed' })
    await started.setFaults({})
    expect((await started.post('/refunds', { ...wanted, key: 'other' })).body.status).toBe('succeeded')
    expect((await started.ledger()).totals.IDR!.out).toBe('84200.00')
  })

  test('are told at the configured address when there is one', async () => {
    const elsewhere = await start()
    const started = await start({ refundCallbackUrl: `${elsewhere.receiver.url}/refunds-elsewhere` })
    const { finish } = await pendingRefund(started)
    await finish('succeeded')
    await eventually(() => elsewhere.receiver.calls.length === 1)
    expect(elsewhere.receiver.calls[0]!.path).toBe('/refunds-elsewhere')
    expect((await started.post('/_sim/refunds/ref_unknown/finish', {})).status).toBe(404)
  })
})

describe('charges', () => {
  const wanted = { key: 'retail:1:1', amount: 19.99, currency: 'USD', reference: '1001' }

  test('one charge comes of 20 parallel calls with one key, and is given back by that key', async () => {
    const { post, ledger } = await start()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/charges', wanted)))
    expect(new Set(answers.map(({ body }) => body.charge_id)).size).toBe(1)
    expect((await ledger()).totals).toEqual({ USD: { in: '19.99', out: '0.00', net: '19.99' } })
    const refund = { key: 'r', charge_key: wanted.key, amount: 19.99 }
    expect((await post('/refunds', refund)).body.status).toBe('succeeded')
    expect((await post('/refunds', { ...refund, key: 's', amount: 0.01 })).status).toBe(422)
    expect((await ledger()).totals.USD!.net).toBe('0.00')
  })

  test('the same key for another amount is refused', async () => {
    const { post } = await start()
    await post('/charges', wanted)
    expect((await post('/charges', { ...wanted, amount: 20 })).status).toBe(422)
  })

  test('a declined charge takes nothing and stays declined', async () => {
    const { post, ledger, setFaults } = await start()
    await setFaults({ chargeMode: 'declined' })
    expect((await post('/charges', wanted)).body.status).toBe('declined')
    await setFaults({})
    expect((await post('/charges', wanted)).body.status).toBe('declined')
    expect((await ledger()).totals).toEqual({})
  })

  test('two currencies are never added', async () => {
    const { post, ledger } = await start()
    await post('/charges', wanted)
    await post('/charges', { ...wanted, key: 'k2', currency: 'EUR', amount: 5 })
    const { totals } = await ledger()
    expect(totals.USD!.in).toBe('19.99')
    expect(totals.EUR!.in).toBe('5.00')
  })
})
