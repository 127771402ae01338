import { createHmac } from 'node:crypto'
import type { Simulator } from './http-server.ts'
import { call, eventually, startReceiver } from './test-support.ts'
import { startWhatsApp, type WhatsAppOptions } from './whatsapp.ts'

const open: Simulator[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(simulator => simulator.close()))
})

async function start(options: WhatsAppOptions = {}) {
  const simulator = await startWhatsApp({ token: 'secret-token', ...options })
  open.push(simulator)
  return simulator
}

function message(to = '6281234567890', text = 'JST-ABCDEF-3Q') {
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to,
    type: 'template',
    template: {
      name: 'order_created',
      language: { code: 'id' },
      components: [{ type: 'body', parameters: [{ type: 'text', text }] }],
    },
  }
}

type MessageAnswer = { messages: { id: string }[]; error: { code: number } }

const bearer = { authorization: 'Bearer secret-token' }
const send = (simulator: Simulator, body: unknown = message(), headers: Record<string, string> = bearer) =>
  call<MessageAnswer>('POST', `${simulator.url}/v23.0/100200300/messages`, body, headers)
const ledger = async (simulator: Simulator) =>
  (await call<{ count: number; messages: unknown[] }>('GET', `${simulator.url}/_sim/messages`)).body
const setFaults = (simulator: Simulator, knobs: unknown) => call<unknown>('PUT', `${simulator.url}/_sim/faults`, knobs)

test('answers a message in the shape of the Cloud API and keeps it', async () => {
  const simulator = await start()
  const answer = await send(simulator)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    messaging_product: 'whatsapp',
    contacts: [{ input: '6281234567890', wa_id: '6281234567890' }],
    messages: [{ id: expect.stringMatching(/^wamid\../) }],
  })
  const { count, messages } = await ledger(simulator)
  expect(count).toBe(1)
  expect(messages[0]).toMatchObject({
    ...message(),
    id: answer.body.messages[0]!.id,
    version: 'v23.0',
    phone_number_id: '100200300',
    texts: ['JST-ABCDEF-3Q'],
  })
})

test('knows no idempotency: the same message twice is two messages', async () => {
  const simulator = await start()
  const first = await send(simulator)
  const second = await send(simulator)
  expect(second.body.messages[0]!.id).not.toBe(first.body.messages[0]!.id)
  expect((await ledger(simulator)).count).toBe(2)
})

test('refuses a missing and a wrong token with a Graph error', async () => {
  const simulator = await start()
  for (const headers of [{}, { authorization: 'Bearer other' }]) {
    const answer = await send(simulator, message(), headers as Record<string, string>)
    expect(answer.status).toBe(401)
    expect(answer.body.error).toMatchObject({ type: 'OAuthException', code: 190, fbtrace_id: expect.any(String) })
  }
  expect((await ledger(simulator)).count).toBe(0)
})

test.each([
  ['a number with a plus', { ...message('+6281234567890') }],
  ['another type', { ...message(), type: 'text' }],
  ['an empty parameter', message('6281234567890', '')],
  ['no body at all', {}],
])('refuses %s as an invalid parameter', async (_what, body) => {
  const simulator = await start()
  const answer = await send(simulator, body)
  expect(answer.status).toBe(400)
  expect(answer.body.error).toMatchObject({
    message: '(#100) Invalid parameter',
    code: 100,
    error_data: { messaging_product: 'whatsapp', details: expect.any(String) },
  })
  expect((await ledger(simulator)).count).toBe(0)
})

test('answers malformed JSON, too much of it and an unknown path as errors', async () => {
  const { url } = await start()
  const post = (body: string) =>
    fetch(`${url}/v23.0/1/messages`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  expect((await post('{"to":')).status).toBe(400)
  expect((await post('x'.repeat(1_048_577))).status).toBe(413)
  expect((await fetch(`${url}/nothing`)).status).toBe(404)
})

test('forgets its messages when asked', async () => {
  const simulator = await start()
  await send(simulator)
  await call('DELETE', `${simulator.url}/_sim/messages`)
  expect((await ledger(simulator)).count).toBe(0)
})

test.each([
  ['error-500', 500, 131000],
  ['error-429', 429, 130429],
  ['error-400', 400, 100],
])('under %s the next two calls fail and the third is sent', async (mode, status, code) => {
  const simulator = await start()
  await setFaults(simulator, { mode, failNext: 2 })
  for (const _ of [1, 2]) {
    const answer = await send(simulator)
    expect(answer.status).toBe(status)
    expect(answer.body.error.code).toBe(code)
    expect(answer.headers.get('retry-after')).toBe(status === 429 ? '1' : null)
  }
  expect((await send(simulator)).status).toBe(200)
  expect((await ledger(simulator)).count).toBe(1)
  expect((await call('GET', `${simulator.url}/_sim/faults`)).body).toMatchObject({ mode: 'ok', failNext: 0 })
})

test('a lost answer has sent the message', async () => {
  const simulator = await start()
  await setFaults(simulator, { mode: 'lost-answer' })
  await expect(send(simulator)).rejects.toThrow('fetch failed')
  expect((await ledger(simulator)).count).toBe(1)
})

test('a timeout never answers and has sent nothing', async () => {
  const simulator = await start()
  await setFaults(simulator, { mode: 'timeout' })
  const hanging = fetch(`${simulator.url}/v23.0/1/messages`, {
    method: 'POST',
    body: JSON.stringify(message()),
    headers: { 'content-type': 'application/json', ...bearer },
    signal: AbortSignal.timeout(200),
  })
  await expect(hanging).rejects.toThrow('timeout')
  expect((await ledger(simulator)).count).toBe(0)
})

test('closing cuts a call that hangs', async () => {
  const simulator = await start()
  await setFaults(simulator, { mode: 'timeout', failNext: 1 })
  const hanging = expect(send(simulator)).rejects.toThrow('fetch failed')
  await eventually(
    async () => (await call<{ failNext: number }>('GET', `${simulator.url}/_sim/faults`)).body.failNext === 0,
  )
  await simulator.close()
  await hanging
})

test('waits before it answers, and sends what its caller no longer waits for', async () => {
  const simulator = await start()
  await setFaults(simulator, { delayMs: 300 })
  const begin = performance.now()
  await send(simulator)
  expect(performance.now() - begin).toBeGreaterThanOrEqual(290)
  const impatient = fetch(`${simulator.url}/v23.0/1/messages`, {
    method: 'POST',
    body: JSON.stringify(message()),
    headers: { 'content-type': 'application/json', ...bearer },
    signal: AbortSignal.timeout(100),
  })
  await expect(impatient).rejects.toThrow('timeout')
  await eventually(async () => (await ledger(simulator)).count === 2)
})

test('a rate strikes its share of calls, the same ones for the same seed', async () => {
  const simulator = await start()
  const run = async () => {
    await setFaults(simulator, { mode: 'error-500', rate: 0.3, seed: 7 })
    const statuses: number[] = []
    for (let i = 0; i < 100; i++) statuses.push((await send(simulator)).status)
    return statuses
  }
  const first = await run()
  const struck = first.filter(status => status === 500).length
  expect(struck).toBeGreaterThan(15)
  expect(struck).toBeLessThan(45)
  expect(await run()).toEqual(first)
})

test('refuses a knob that it does not know how to turn, and resets', async () => {
  const simulator = await start()
  expect((await setFaults(simulator, { mode: 'explode' })).status).toBe(400)
  await setFaults(simulator, { mode: 'error-500', delayMs: 5 })
  const reset = await call('DELETE', `${simulator.url}/_sim/faults`)
  expect(reset.body).toMatchObject({ mode: 'ok', delayMs: 0, failNext: 0, rate: 1 })
  expect((await send(simulator)).status).toBe(200)
})

test('reports delivered, then read, signed as Meta signs', async () => {
  const receiver = await startReceiver(['/hooks/whatsapp'], [503])
  open.push(receiver)
  const simulator = await start({
    statusWebhook: { url: `${receiver.url}/hooks/whatsapp`, appSecret: 'app-secret' },
    webhookRetryMs: [5, 5],
  })
  await setFaults(simulator, { statusDelayMs: 0 })
  const id = (await send(simulator)).body.messages[0]!.id
  // The first attempt met a 503 and was repeated.
  await eventually(() => receiver.calls.length === 3)
  for (const received of receiver.calls) {
    const expected = createHmac('sha256', 'app-secret').update(received.rawBody).digest('hex')
    expect(received.headers['x-hub-signature-256']).toBe(`sha256=${expected}`)
    expect(received.body).toMatchObject({
      object: 'whatsapp_business_account',
      entry: [{ changes: [{ field: 'messages', value: { metadata: { phone_number_id: '100200300' } } }] }],
    })
  }
  const statuses = receiver.calls.map(({ body }) => (body as StatusBody).entry[0]!.changes[0]!.value.statuses[0]!)
  expect(statuses.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'read'])
  expect(statuses[0]).toMatchObject({ id, recipient_id: '6281234567890', timestamp: expect.stringMatching(/^\d+$/) })
})

test('reports a failed delivery when told to', async () => {
  const receiver = await startReceiver(['/hooks/whatsapp'])
  open.push(receiver)
  const simulator = await start({ statusWebhook: { url: `${receiver.url}/hooks/whatsapp`, appSecret: 'app-secret' } })
  await setFaults(simulator, { statuses: ['failed'], statusDelayMs: 0 })
  await send(simulator)
  await eventually(() => receiver.calls.length === 1)
  expect((receiver.calls[0]!.body as StatusBody).entry[0]!.changes[0]!.value.statuses[0]).toMatchObject({
    status: 'failed',
    errors: [{ code: 131026 }],
  })
})

type StatusBody = {
  entry: { changes: { value: { statuses: { id: string; status: string; recipient_id: string }[] } }[] }[]
}
