import { closeAll, expectSigned, paid, start } from './payments-test-support.ts'
import { eventually } from './test-support.ts'

afterEach(closeAll)

describe('payment links', () => {
  test('one payment comes of 20 parallel calls with one key', async () => {
    const { post, link, ledger } = await start()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/payment-links', link)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.payment_id)).size).toBe(1)
    const { payments, calls } = await ledger()
    expect(payments).toHaveLength(1)
    expect(payments[0]).toMatchObject({ key: 'dp:1', amount: 84_200, status: 'pending', received: 0, calls: 20 })
    expect(calls['payment-links']).toEqual({ 'dp:1': 20 })
  })

  test('a link opens a page and says when it expires', async () => {
    const { post, link } = await start()
    const { body } = await post('/payment-links', { ...link, reference: '<b>order</b>' })
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now())
    const page = await fetch(body.url)
    expect(page.headers.get('content-type')).toContain('text/html')
    const html = await page.text()
    expect(html).toContain('IDR 84200.00')
    expect(html).toContain('value="paid"')
    expect(html).toContain('value="failed"')
    expect(html).not.toContain('<b>order</b>')
  })

  test('the same key with another body is a conflict', async () => {
    const { post, link } = await start()
    await post('/payment-links', link)
    const answer = await post('/payment-links', { ...link, amount: 84_201 })
    expect(answer.status).toBe(409)
    expect(answer.body.error.code).toBe('key_reused')
  })

  test.each([0, -5, 1.005, 1e15, '5'])('refuses the amount %p', async amount => {
    const { post, link, ledger } = await start()
    expect((await post('/payment-links', { ...link, amount })).status).toBe(400)
    expect((await ledger()).payments).toEqual([])
  })

  test('the API key is checked on the API and not on the page', async () => {
    const { post, link } = await start({ apiKey: 'api-key' })
    expect((await post('/payment-links', link)).status).toBe(401)
    const { status, body } = await post('/payment-links', link, { authorization: 'Bearer api-key' })
    expect(status).toBe(200)
    expect((await fetch(body.url)).status).toBe(200)
  })
})

describe('settling a payment', () => {
  test('tells the receiver what was paid, signed', async () => {
    const started = await start()
    const paymentId = await paid(started)
    const [received] = started.receiver.calls
    expectSigned(received!)
    expect(received!.path).toBe('/hooks/dp')
    expect(received!.body).toEqual({
      paymentId,
      orderId: 'order-1',
      status: 'paid',
      amount: 84_200,
      currency: 'IDR',
      paidAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect((await started.ledger()).totals).toEqual({ IDR: { in: '84200.00', out: '0.00', net: '84200.00' } })
  })

  test('an amount and a time of one choosing are what is received and told', async () => {
    const { post, link, ledger, receiver } = await start()
    const { body } = await post('/payment-links', link)
    await post(`/pay/${body.payment_id}`, { amount: 84_199.99, paidAt: '2026-01-02T03:04:05Z' })
    await eventually(() => receiver.calls.length === 1)
    expect(receiver.calls[0]!.body).toMatchObject({ amount: 84_199.99, paidAt: '2026-01-02T03:04:05Z' })
    expect((await ledger()).payments[0]).toMatchObject({ amount: 84_200, received: 84_199.99 })
  })

  test('a failed payment can still be paid, a paid one can no longer fail', async () => {
    const { post, link, ledger, receiver } = await start()
    const { body } = await post('/payment-links', link)
    const pay = (outcome: string) => post(`/pay/${body.payment_id}`, { outcome })
    expect((await pay('failed')).body).toMatchObject({ status: 'failed', amount: 84_200 })
    await eventually(() => receiver.calls.length === 1)
    expect(receiver.calls[0]!.body).toMatchObject({ status: 'failed', paidAt: null })
    expect((await ledger()).totals.IDR!.in).toBe('0.00')
    await pay('paid')
    expect((await pay('expired')).status).toBe(409)
    expect((await ledger()).payments[0]).toMatchObject({ status: 'paid', received: 84_200 })
  })

  test('paying again says it again and moves no money', async () => {
    const started = await start()
    const paymentId = await paid(started)
    await started.post(`/pay/${paymentId}`, { amount: 1 })
    await eventually(() => started.receiver.calls.length === 2)
    expect(started.receiver.calls[1]!.body).toEqual(started.receiver.calls[0]!.body)
    expect((await started.ledger()).totals.IDR!.in).toBe('84200.00')
  })

  test('the buttons of the page settle it and answer with the page', async () => {
    const { post, link, receiver } = await start()
    const { body } = await post('/payment-links', link)
    const page = await fetch(body.url, { method: 'POST', body: new URLSearchParams({ outcome: 'paid' }) })
    expect(await page.text()).toContain('<strong>paid</strong>')
    await eventually(() => receiver.calls.length === 1)
    expect((await post('/pay/pay_unknown', {})).status).toBe(404)
  })

  test('a webhook is repeated until it is accepted, with every answer in the ledger', async () => {
    const started = await start({}, [500, 409])
    await paid(started)
    await eventually(async () => (await started.ledger()).webhooks[0]!.status === 'delivered')
    const [delivery] = (await started.ledger()).webhooks
    expect(delivery!.attempts.map(attempt => attempt.http_status)).toEqual([500, 409, 200])
    expect(delivery!.attempts[2]!.answer).toBe('{"received":3}')
    for (const received of started.receiver.calls) expectSigned(received)
  })

  test('a webhook that nobody takes is given up', async () => {
    const { post, link, ledger, receiver } = await start()
    await receiver.close()
    const { body } = await post('/payment-links', link)
    await post(`/pay/${body.payment_id}`, {})
    await eventually(async () => (await ledger()).webhooks[0]!.status === 'given_up')
    const { attempts } = (await ledger()).webhooks[0]!
    expect(attempts).toHaveLength(3)
    expect(attempts[0]!.http_status).toBeNull()
  })
})
