import { createUser } from '../identity/index.ts'
import { signPayload } from '../payments/index.ts'
import { type Role, systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'
import type { JastipWorld } from './jastip-world.ts'
import { until } from './until.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are what the test expects of them
type Answer = { status: number; headers: Headers; body: any; data: any }

/** A 1 × 1 PNG. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const PASSWORD = 'a-long-test-password'
let people = 0

/** A valid phone that no other buyer of this run has. */
export const newPhone = (): string => `+62812${String(10_000_000 + ++people)}`

export type Api = (
  method: string,
  path: string,
  body?: unknown,
  token?: string,
  headers?: Record<string, string>,
) => Promise<Answer>

/** People who use the API of this world. */
export function jastipPeople(world: JastipWorld) {
  const api: Api = async (method, path, body, token, headers = {}) => {
    const isForm = body instanceof FormData
    const response = await fetch(`${world.url}${path}`, {
      method,
      headers: {
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const parsed = text.startsWith('{') ? JSON.parse(text) : {}
    return { status: response.status, headers: response.headers, body: parsed, data: parsed.data }
  }

  async function user(role: Role = 'jastiper') {
    const email = `${role}-${++people}@test.antre`
    const created = await inTransaction(world.deps, systemActor('test'), tx =>
      createUser(tx, { email, password: PASSWORD, fullName: `Test ${role} ${people}`, role }),
    )
    if (role === 'jastiper') await addBankAccount(world, created.id)
    return { id: created.id, email, token: await logIn(email) }
  }

  /** A new access token; they live 15 minutes of the database's clock. */
  async function logIn(email: string): Promise<string> {
    const login = await api('POST', '/api/auth/login', { email, password: PASSWORD })
    return String(login.data.accessToken)
  }

  return {
    api,
    user,
    logIn,
    ...sellers(api),
    ...buyers(world, api),
    ...gatewayBuyers(world, api),
    webhook: webhooks(world),
  }
}

async function addBankAccount(world: JastipWorld, userId: string): Promise<void> {
  await world.db
    .insertInto('jastip_bank_accounts')
    .values({
      id: newId(),
      user_id: userId,
      bank_name: 'Bank Test',
      account_number: '1234567890',
      account_holder_name: 'Test',
      is_primary: true,
      created_at: new Date(),
    })
    .execute()
}

function sellers(api: Api) {
  return {
    trip: async (token: string, trip: object = {}) =>
      (await api('POST', '/api/trips', { title: 'Tokyo', ...trip }, token)).data,
    product: async (token: string, tripId: string, product: object = {}) => {
      const body = { tripId, title: 'Matcha', price: 100_000, stock: 100, ...product }
      return (await api('POST', '/api/products', body, token)).data
    },
    accept: (token: string, orderId: string, more: object = {}) =>
      api('POST', `/api/orders/${orderId}/validate`, { action: 'accept', shippingFee: 0, ...more }, token),
    reject: (token: string, orderId: string, more: object = {}) =>
      api(
        'POST',
        `/api/orders/${orderId}/validate`,
        { action: 'reject', rejectionReason: 'it is sold out now', ...more },
        token,
      ),
    judgeFinal: (token: string, orderId: string, body: object = { action: 'accept' }) =>
      api('POST', `/api/orders/${orderId}/approve-final`, body, token),
  }
}

const ADDRESS = {
  recipient: 'Ani',
  text: 'Jl. Merdeka 1',
  provinceId: '31',
  provinceName: 'DKI Jakarta',
  cityId: '3171',
  cityName: 'Jakarta Pusat',
  districtId: '317101',
  districtName: 'Gambir',
}

type Item = { productId: string; quantity: number; notes?: string }

function buyers(world: JastipWorld, api: Api) {
  const passFor = async (token: string, phone: string) => {
    const answer = await api('POST', '/api/upload/verify', { token, challengeResponse: phone.slice(-4) })
    return String(answer.data?.pass)
  }

  const checkOut = (tripId: string, items: Item[], more: Record<string, unknown> = {}, headers = {}) => {
    const body = { tripId, items, participantPhone: newPhone(), participantName: 'Ani', address: ADDRESS, ...more }
    return api('POST', '/api/checkout/dp', body, undefined, headers)
  }

  return {
    checkOut,
    passFor,
    /** A buyer with an order that waits for its down payment and a pass for it. */
    buyer: async (tripId: string, items: Item[], more: Record<string, unknown> = {}) => {
      const phone = newPhone()
      const answer = await checkOut(tripId, items, { participantPhone: phone, ...more })
      if (answer.status !== 201) throw new Error(`checkout answered ${answer.status}: ${JSON.stringify(answer.body)}`)
      const { orderId, uploadToken, dpAmount } = answer.data
      return {
        orderId: String(orderId),
        phone,
        uploadToken: String(uploadToken),
        dpAmount: Number(dpAmount),
        pass: await passFor(uploadToken, phone),
      }
    },
    upload: (orderId: string, pass: string, file: Buffer = PNG, name = 'proof.png', type = 'image/png') => {
      const form = new FormData()
      form.append('file', new Blob([new Uint8Array(file)], { type }), name)
      return api('POST', `/api/upload/${orderId}`, form, pass)
    },
    /** The newest link that WhatsApp brought to this phone. */
    linkToken: async (phone: string): Promise<string> => {
      const answer = await fetch(`${world.whatsapp.url}/_sim/messages`)
      const { messages } = (await answer.json()) as { messages: { to: string; texts: string[] }[] }
      const texts = messages
        .filter(message => `+${message.to.replace('+', '')}` === phone)
        .flatMap(message => message.texts)
      return texts.flatMap(text => /#([\w-]{43})/.exec(text)?.[1] ?? []).at(-1) ?? ''
    },
  }
}

/** Asks for a link, pays on the simulated provider's page and waits until its webhook was answered. */
function gatewayBuyers(world: JastipWorld, api: Api) {
  return {
    payByGateway: async (orderId: string, pass: string, kind: 'dp' | 'final'): Promise<void> => {
      const asked = await api('POST', `/api/orders/${orderId}/payments`, { kind }, pass)
      if (asked.status !== 201) throw new Error(`no payment link: ${JSON.stringify(asked.body)}`)
      await payLink(world, asked.data.paymentLink)
    },
    pay: (link: string) => payLink(world, link),
  }
}

async function payLink(world: JastipWorld, link: string): Promise<void> {
  await fetch(link, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  await until(async () => (await ledgerOf(world)).webhooks.every(webhook => webhook.status !== 'pending'))
}

type Ledger = {
  refunds: { key: string; refund_id: string; amount: number; status: string; calls: number }[]
  webhooks: { status: string }[]
  totals: Record<string, { in: string; out: string; net: string }>
}

/** What the simulated provider knows. */
export const ledgerOf = async (world: JastipWorld): Promise<Ledger> =>
  (await (await fetch(`${world.payments.url}/_sim/ledger`)).json()) as Ledger

/** Turns the knobs of a simulator; none: all at rest. */
export async function misbehave(simulator: { url: string }, knobs: object = {}): Promise<void> {
  const answer = await fetch(`${simulator.url}/_sim/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(knobs),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

/** Signed as the provider signs; `secondsAgo` makes the signature older. */
function webhooks(world: JastipWorld) {
  return async (
    kind: 'dp' | 'final' | 'refund',
    body: object,
    change: { secondsAgo?: number; raw?: string } = {},
  ): Promise<Answer> => {
    const raw = JSON.stringify(body)
    const at = new Date(Date.now() - (change.secondsAgo ?? 0) * 1000)
    const signature = signPayload(raw, world.deps.config.PAYMENT_WEBHOOK_SECRET, at)
    const response = await fetch(`${world.url}/api/webhooks/payment/${kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-antre-signature': signature },
      body: change.raw ?? raw,
    })
    const parsed = JSON.parse(await response.text())
    return { status: response.status, headers: response.headers, body: parsed, data: parsed.data }
  }
}
