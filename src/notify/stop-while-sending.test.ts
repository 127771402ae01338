import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findOrCreateGuest } from '../identity/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import type { OutsideRun } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { type NotifyDeps, queueNotifications, sendWhatsapp, sendWhatsappHandler } from './index.ts'

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>
let provider: Server
/** What happens when the call has reached WhatsApp and is not answered yet. */
let onCall: () => void = () => undefined
let calls = 0

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, [sendWhatsappHandler])
  provider = createServer((request, response) => {
    calls++
    onCall()
    request.resume().on('end', () => response.end(JSON.stringify({ messages: [{ id: 'wamid.1' }] })))
  })
  await new Promise<void>(resolve => provider.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await rt?.close()
  provider?.close()
  await database?.close()
})

const act = <T>(fn: Parameters<typeof inTransaction<T>>[2]): Promise<T> => inTransaction(rt, systemActor('test'), fn)

/** Queues a message, claims it and sends it while the test aborts. Returns the row's status and what the handler threw. */
async function send(options: { isStopping: boolean; abort: AbortController }) {
  const orderId = newId()
  const phone = `+62812111${Math.floor(10_000 + Math.random() * 89_999)}`
  const guest = await act(tx => findOrCreateGuest(tx, 'a-key-for-contacts', { phone, name: 'Sari' }))
  const recipient = { type: 'guest' as const, id: guest.id }
  await act(tx => queueNotifications(tx, [{ orderId, recipient, event: 'hello', occasion: orderId }]))
  const queued = await database.pool.query('select id from notifications where order_id = $1', [orderId])
  const run: OutsideRun = {
    ...{ id: newId(), kind: sendWhatsapp.kind, attempt: 1, signal: options.abort.signal },
    isStopping: () => options.isStopping,
    transaction: act,
    complete: act,
  }
  const thrown = await sendWhatsappHandler.run(deps(), { notificationId: queued.rows[0].id }, run).catch(error => error)
  const { rows } = await database.pool.query('select status from notifications where order_id = $1', [orderId])
  return { status: rows[0].status, thrown }
}

function deps(): NotifyDeps {
  const { port } = provider.address() as AddressInfo
  return {
    config: {
      APP_TIMEZONE: 'Asia/Jakarta',
      PUBLIC_URL: 'https://antre.test',
      WHATSAPP_BASE_URL: `http://127.0.0.1:${port}`,
      WHATSAPP_PHONE_NUMBER_ID: '10987',
      WHATSAPP_TOKEN: '',
    },
    templates: new Map([['hello', { event: 'hello', render: async () => 'Halo' }]]),
  }
}

test('a worker that stops lets a call under way end and records it, so that nobody is told twice', async () => {
  const abort = new AbortController()
  onCall = () => abort.abort(new Error('stopping'))
  expect(await send({ isStopping: true, abort })).toEqual({ status: 'sent', thrown: undefined })
})

test('a cancelled job ends its call', async () => {
  const abort = new AbortController()
  onCall = () => abort.abort(new Error('cancelled'))
  const { status, thrown } = await send({ isStopping: false, abort })
  expect([status, thrown.message]).toEqual(['queued', 'WhatsApp gave no answer'])
})

test('a worker that stops before the call does not begin it', async () => {
  calls = 0
  const abort = new AbortController()
  abort.abort(new Error('stopping'))
  const { status, thrown } = await send({ isStopping: true, abort })
  expect([status, thrown.message, calls]).toEqual(['queued', 'stopping', 0])
})
