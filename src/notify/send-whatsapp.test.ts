import { findOrCreateGuest } from '../identity/index.ts'
import { createOrder, defineFlow } from '../orders/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId, sha256Hex } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { startWhatsApp } from '../simulators/whatsapp.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { type NotifyDeps, queueNotifications, sendWhatsapp, sendWhatsappHandler, type Template } from './index.ts'

const shop = defineFlow('shop', { statuses: { open: {} }, transitions: { touch: { from: ['open'], to: 'same' } } })

const hello: Template = {
  event: 'hello',
  render: async (_db, row) => (row.language === 'id' ? `Halo ${row.data.name}` : `Hello ${row.data.name}`),
}
const link: Template = {
  event: 'link',
  render: async (_db, row, mintLink) => `Bayar di ${await mintLink(row.orderId!, row.recipient.id, 'order')}`,
}
const old: Template = { event: 'old', render: async () => 'obsolete' }

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let whatsapp: Awaited<ReturnType<typeof startWhatsApp>>
let rt: Awaited<ReturnType<typeof testRuntime>>
let deps: NotifyDeps

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  whatsapp = await startWhatsApp({ token: 'token-1' })
  deps = {
    config: {
      APP_TIMEZONE: 'Asia/Jakarta',
      PUBLIC_URL: 'https://antre.test/',
      WHATSAPP_BASE_URL: whatsapp.url,
      WHATSAPP_PHONE_NUMBER_ID: '10987',
      WHATSAPP_TOKEN: 'token-1',
    },
    templates: new Map([hello, link, old].map(template => [template.event, template])),
  }
  rt = await testRuntime(database, [sendWhatsappHandler], { deps })
})
afterAll(async () => {
  await rt?.close()
  await whatsapp?.close()
  await database?.close()
})
beforeEach(async () => {
  await simulator('/_sim/messages', 'DELETE')
  await simulator('/_sim/faults', 'DELETE')
})

type Sent = {
  count: number
  messages: { to: string; texts: string[]; template: { name: string; language: { code: string } } }[]
}
async function simulator(path: string, method = 'GET', body?: object): Promise<Sent> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${whatsapp.url}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as Sent
}
const sentTexts = async () => (await simulator('/_sim/messages')).messages.flatMap(message => message.texts)
const act = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(rt, systemActor('test'), fn)

let phones = 0
async function guest(language: 'id' | 'en' = 'id') {
  const phone = `+62812000${10_000 + ++phones}`
  const { id } = await act(tx => findOrCreateGuest(tx, 'a-key-for-contacts', { phone, name: 'Sari', language }))
  return { id, phone }
}
async function tell(guestId: string, event = 'hello', orderId: string = newId()): Promise<string> {
  const recipient = { type: 'guest' as const, id: guestId }
  await act(tx =>
    queueNotifications(tx, [{ orderId, recipient, event, occasion: `${orderId}:1`, data: { name: 'Sari' } }]),
  )
  const { rows } = await database.pool.query('select id from notifications where order_id = $1', [orderId])
  return rows[0].id
}
async function row(id: string) {
  return (await database.pool.query('select * from notifications where id = $1', [id])).rows[0]
}
async function placesTaken(guestId: string): Promise<number> {
  const { rows } = await database.pool.query('select sent from notification_quota where recipient = $1', [
    `guest:${guestId}`,
  ])
  return rows[0]?.sent ?? 0
}
async function deadLetters(notificationId: string): Promise<number> {
  const { rows } = await database.pool.query(`select 1 from dead_letters where payload ->> 'notificationId' = $1`, [
    notificationId,
  ])
  return rows.length
}

test('sends the text in the language that the guest wants now, and keeps the id of WhatsApp', async () => {
  const { id, phone } = await guest()
  const told = await tell(id)
  await database.pool.query(`update guests set language = 'en' where id = $1`, [id])
  await drain(rt)
  const { messages } = await simulator('/_sim/messages')
  expect(messages).toEqual([
    expect.objectContaining({
      to: phone.slice(1),
      texts: ['Hello Sari'],
      template: expect.objectContaining({ name: 'hello', language: { code: 'en' } }),
    }),
  ])
  expect(await row(told)).toMatchObject({
    status: 'sent',
    language: 'en',
    provider_message_id: expect.stringMatching(/^wamid\./),
    sent_at: expect.any(Date),
  })
})

test('a job that runs again after the message was sent does nothing', async () => {
  const { id } = await guest()
  const told = await tell(id)
  await drain(rt)
  await act(tx => tx.enqueue(sendWhatsapp, [{ notificationId: told }, { notificationId: newId() }]))
  await drain(rt)
  expect(await sentTexts()).toHaveLength(1)
})

test('mints the link while it sends: a good token that stands nowhere in clear', async () => {
  const { id } = await guest()
  const [sellerId, orderId] = [newId(), newId()]
  await database.pool.query(
    `insert into users (id, email, password_hash, full_name, role, slug, created_at, updated_at)
     values ($1, 'ayu@antre.test', 'none', 'Ayu', 'jastiper', 'ayu', now(), now())`,
    [sellerId],
  )
  const order = {
    id: orderId,
    status: 'open' as const,
    ownerId: sellerId,
    customerRef: id,
    currency: 'IDR',
    total: '1',
  }
  await act(tx => createOrder(tx, shop, order))
  await tell(id, 'link', orderId)
  await drain(rt)
  const [text] = await sentTexts()
  const [, token] = /^Bayar di https:\/\/antre\.test\/o\/ayu#([A-Za-z0-9_-]{43})$/.exec(text ?? '') ?? []
  expect(token).toBeDefined()

  const tokens = await database.pool.query(
    'select token_hash, seller_id from guest_access_tokens where order_id = $1',
    [orderId],
  )
  expect(tokens.rows).toEqual([{ token_hash: sha256Hex(token!), seller_id: sellerId }])
  const everything = await database.pool.query(
    `select count(*) as found from (select to_jsonb(n)::text as t from notifications n union all select to_jsonb(j)::text from pgboss.job j) all_rows
     where t like '%' || $1 || '%'`,
    [token],
  )
  expect(everything.rows[0].found).toBe(0)
})

test.each(['error-500', 'error-429', 'lost-answer'])(
  'after %s it tries again and takes one place of the day',
  async mode => {
    const { id } = await guest()
    const told = await tell(id)
    await simulator('/_sim/faults', 'PUT', { mode, failNext: 1 })
    await drain(rt)
    expect(await row(told)).toMatchObject({ status: 'queued', provider_message_id: null })
    await clock.advance(6)
    await drain(rt)
    expect(await row(told)).toMatchObject({ status: 'sent' })
    expect(await sentTexts()).toHaveLength(mode === 'lost-answer' ? 2 : 1)
    expect(await placesTaken(id)).toBe(1)
  },
)

test('a refused message dies at once and its row fails; redriven after the cure it is sent', async () => {
  const { id } = await guest()
  const told = await tell(id)
  await simulator('/_sim/faults', 'PUT', { mode: 'error-400', failNext: 1 })
  await drain(rt)
  expect(await row(told)).toMatchObject({ status: 'failed', error: 'WhatsApp answered 400 (code 100)' })
  expect(await deadLetters(told)).toBe(1)

  await act(tx => tx.enqueue(sendWhatsapp, [{ notificationId: told }]))
  await drain(rt)
  expect(await row(told)).toMatchObject({ status: 'sent', error: null })
})

test('a provider that stays away kills the job after three retries', async () => {
  const { id } = await guest()
  const told = await tell(id)
  await simulator('/_sim/faults', 'PUT', { mode: 'error-500' })
  for (const seconds of [0, 6, 31, 301]) {
    await clock.advance(seconds)
    await drain(rt)
  }
  expect(await row(told)).toMatchObject({ status: 'failed', error: 'WhatsApp answered 500 (code 131000)' })
  expect(await deadLetters(told)).toBe(1)
})

test('an event without a text dies and says so', async () => {
  const { id } = await guest()
  const told = await tell(id, 'unheard_of')
  await drain(rt)
  expect(await row(told)).toMatchObject({ status: 'failed', error: expect.stringContaining('unheard_of') })
})

test('what is obsolete when its turn comes is not sent and gives its place back', async () => {
  const { id } = await guest()
  const told = await tell(id, 'old')
  await drain(rt)
  expect(await row(told)).toMatchObject({ status: 'obsolete', quota_day: null })
  expect([await sentTexts(), await placesTaken(id)]).toEqual([[], 0])
})

test('a guest who turned WhatsApp off meanwhile gets nothing, and neither does anyone without a configured WhatsApp', async () => {
  const [off, on] = [await guest(), await guest()]
  const [toOff, toOn] = [await tell(off.id), await tell(on.id)]
  await database.pool.query('update guests set notify_whatsapp = false where id = $1', [off.id])
  const { WHATSAPP_BASE_URL: _, ...config } = deps.config
  const unconfigured = await testRuntime(database, [sendWhatsappHandler], { deps: { ...deps, config } })
  await drain(unconfigured)
  await unconfigured.close()
  expect(await row(toOff)).toMatchObject({ status: 'suppressed' })
  expect(await row(toOn)).toMatchObject({ status: 'suppressed', error: 'not_configured' })
  expect(await sentTexts()).toEqual([])
})
