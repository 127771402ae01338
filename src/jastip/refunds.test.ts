import { jastipPeople, ledgerOf, misbehave } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { sendRefund } from './jobs.ts'
import { getJastipOrder } from './queries/orders.ts'
import { listRefunds } from './queries/refunds.ts'

const DAY = 86_400

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; email: string; token: string }

beforeEach(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
})
afterEach(() => world.close())

async function paidOrder(by: 'gateway' | 'transfer') {
  const { id: tripId } = await people.trip(seller.token)
  const product = await people.product(seller.token, tripId)
  const buyer = await people.buyer(tripId, [{ productId: product.id, quantity: 2 }])
  if (by === 'gateway') await people.payByGateway(buyer.orderId, buyer.pass, 'dp')
  else await people.upload(buyer.orderId, buyer.pass)
  return buyer
}

async function unanswered(by: 'gateway' | 'transfer') {
  const buyer = await paidOrder(by)
  await world.clock.advance(DAY + 1)
  return buyer
}

const stateOf = async (orderId: string) => {
  const { status, refundStatus, closedAt, rejectionReason } = await getJastipOrder(world.db, orderId)
  return { status, refundStatus, isClosed: closedAt !== null, rejectionReason }
}

const messages = async (orderId: string, recipient: 'guest' | 'user' = 'guest') =>
  (
    await world.db
      .selectFrom('notifications')
      .select('event')
      .where('order_id', '=', orderId)
      .where('recipient_type', '=', recipient)
      .orderBy('id')
      .execute()
  ).map(row => row.event)

test('jastip 10: an unanswered gateway payment goes back once, with the refund id as key', async () => {
  const { orderId } = await unanswered('gateway')
  await world.sweep()
  expect(await stateOf(orderId)).toEqual({
    status: 'refunded',
    refundStatus: 'done',
    isClosed: true,
    rejectionReason: 'validation_timeout',
  })
  const [refund, ...others] = await listRefunds(world.db, orderId)
  expect(others).toEqual([])
  expect(refund).toMatchObject({ provider: 'gateway', status: 'succeeded', amount: '40000.00', attempts: 1 })
  const { refunds } = await ledgerOf(world)
  expect(refunds).toEqual([expect.objectContaining({ key: refund!.id, amount: 40_000, calls: 1 })])
  expect(await messages(orderId)).toEqual(['order_created', 'dp_received', 'rejected', 'refunded'])
})

test('jastip 10: when the answer is lost the same key is called again and the money goes back once', async () => {
  const { orderId } = await unanswered('gateway')
  await misbehave(world.payments, { mode: 'lost-answer', failNext: 1 })
  await world.sweep()
  expect(await stateOf(orderId)).toMatchObject({ status: 'rejected', refundStatus: 'pending' })
  await world.clock.advance(6)
  await world.drain()
  expect(await stateOf(orderId)).toMatchObject({ status: 'refunded', refundStatus: 'done' })
  const { refunds, totals } = await ledgerOf(world)
  expect(refunds).toEqual([expect.objectContaining({ calls: 2, amount: 40_000 })])
  expect(totals.IDR!.net).toBe('0.00')
})

test('jastip 11: a gateway that is down: three retries, dead letter, refund failed; after a redrive refunded', async () => {
  const { orderId } = await unanswered('gateway')
  await misbehave(world.payments, { mode: 'error-500' })
  await world.sweep()
  for (const seconds of [5, 30, 300]) {
    await world.clock.advance(seconds - 1)
    expect(await world.drain([sendRefund.kind])).toBe(0)
    await world.clock.advance(1)
    expect(await world.drain([sendRefund.kind])).toBe(1)
  }
  const dead = await world.db.selectFrom('dead_letters').select(['kind', 'payload', 'attempts']).execute()
  const [refund] = await listRefunds(world.db, orderId)
  expect(dead).toEqual([{ kind: sendRefund.kind, payload: { orderId, refundId: refund!.id }, attempts: 4 }])
  expect(refund).toMatchObject({ status: 'failed', attempts: 4 })
  expect(await stateOf(orderId)).toMatchObject({ status: 'rejected', refundStatus: 'failed', isClosed: false })

  await misbehave(world.payments)
  await redrive(orderId, refund!.id)
  expect(await stateOf(orderId)).toMatchObject({ status: 'refunded', refundStatus: 'done', isClosed: true })
  expect((await ledgerOf(world)).refunds).toEqual([expect.objectContaining({ key: refund!.id, calls: 5 })])
})

/** What a redrive does: a new job with the dead one's payload. */
async function redrive(orderId: string, refundId: string): Promise<void> {
  const now = new Date(0)
  await world.db.transaction().execute(db => world.deps.jobs.insert(db, sendRefund, [{ orderId, refundId }], { now }))
  await world.drain()
}

test('a refund that is pending at the gateway is ended by its signed webhook, once', async () => {
  const { orderId } = await unanswered('gateway')
  await misbehave(world.payments, { refundMode: 'pending' })
  await world.sweep()
  expect(await stateOf(orderId)).toMatchObject({ status: 'rejected', refundStatus: 'pending' })
  const [made] = (await ledgerOf(world)).refunds
  const news = { refundId: made!.refund_id, key: made!.key, status: 'succeeded', amount: 40_000, currency: 'IDR' }
  expect((await people.webhook('refund', { ...news, amount: 39_999 })).body.code).toBe('amount_mismatch')
  expect((await people.webhook('refund', { ...news, key: orderId })).status).toBe(404)
  const answers = await Promise.all([people.webhook('refund', news), people.webhook('refund', news)])
  expect(answers.map(answer => answer.data.duplicate).sort()).toEqual([false, true])
  expect(await stateOf(orderId)).toMatchObject({ status: 'refunded', refundStatus: 'done' })
  await world.drain()
  expect((await messages(orderId)).filter(event => event === 'refunded')).toHaveLength(1)
})

test('a refund that the gateway reports as failed is failed, and the order stays rejected', async () => {
  const { orderId } = await unanswered('gateway')
  await misbehave(world.payments, { refundMode: 'pending' })
  await world.sweep()
  const [made] = (await ledgerOf(world)).refunds
  await people.webhook('refund', { refundId: made!.refund_id, key: made!.key, status: 'failed', amount: 40_000 })
  expect(await stateOf(orderId)).toMatchObject({ status: 'rejected', refundStatus: 'failed', isClosed: false })
})

test('jastip 12: a transfer never calls the gateway; the owner is told and confirms', async () => {
  const { orderId } = await unanswered('transfer')
  await world.sweep()
  expect(await stateOf(orderId)).toMatchObject({ status: 'rejected', refundStatus: 'pending', isClosed: false })
  expect(await messages(orderId, 'user')).toEqual(['dp_received', 'refund_owed'])
  const token = await people.logIn(seller.email)
  const confirm = () => people.api('POST', `/api/orders/${orderId}/refund/confirm`, { reference: 'BCA-77' }, token)
  expect((await confirm()).data).toMatchObject({ status: 'succeeded', reference: 'BCA-77', provider: 'transfer' })
  expect(await stateOf(orderId)).toMatchObject({ status: 'refunded', refundStatus: 'done', isClosed: true })
  expect((await confirm()).body.code).toBe('refund_wrong_state')
  expect((await ledgerOf(world)).refunds).toEqual([])
  const refunds = await people.api('GET', `/api/orders/${orderId}/refunds`, undefined, token)
  expect(refunds.data).toEqual([expect.objectContaining({ status: 'succeeded', reason: 'validation_timeout' })])
})

test('jastip 12: a transfer that never came closes the order as rejected', async () => {
  const { orderId } = await unanswered('transfer')
  await world.sweep()
  const token = await people.logIn(seller.email)
  const path = `/api/orders/${orderId}/refund/confirm`
  expect((await people.api('POST', path, { notReceived: true }, token)).body.code).toBe('reason_required')
  const answer = await people.api('POST', path, { notReceived: true, reason: 'nothing on the account' }, token)
  expect(answer.data).toMatchObject({ status: 'void' })
  expect(await stateOf(orderId)).toMatchObject({ status: 'rejected', refundStatus: 'none', isClosed: true })
  expect(await messages(orderId)).toEqual(['order_created', 'dp_received', 'rejected', 'rejected'])
})

test('a payment that the owner confirmed cannot be declared never received', async () => {
  const { id: tripId } = await people.trip(seller.token, { finalPaymentHours: 1 })
  const product = await people.product(seller.token, tripId)
  const { orderId, pass } = await people.buyer(tripId, [{ productId: product.id, quantity: 1 }])
  await people.upload(orderId, pass)
  await people.accept(seller.token, orderId)
  await world.clock.advance(3_601)
  await world.sweep()
  const token = await people.logIn(seller.email)
  const body = { notReceived: true, reason: 'nothing on the account' }
  const answer = await people.api('POST', `/api/orders/${orderId}/refund/confirm`, body, token)
  expect([answer.status, answer.body.code]).toEqual([409, 'refund_wrong_state'])
  expect(await stateOf(orderId)).toMatchObject({ status: 'cancelled', refundStatus: 'pending' })
})

test('jastip 13: reasons, and a down payment that never came', async () => {
  const byGateway = await paidOrder('gateway')
  for (const rejectionReason of [undefined, 'too short']) {
    const answer = await people.reject(seller.token, byGateway.orderId, { rejectionReason })
    expect([answer.status, answer.body.code]).toEqual([422, 'reason_required'])
  }
  const refused = await people.reject(seller.token, byGateway.orderId, { dpReceived: false })
  expect([refused.status, refused.body.code]).toEqual([409, 'dp_confirmed_by_gateway'])
  expect((await stateOf(byGateway.orderId)).status).toBe('awaiting_validation')

  const byTransfer = await paidOrder('transfer')
  const rejected = await people.reject(seller.token, byTransfer.orderId, { dpReceived: false })
  expect(rejected.data).toMatchObject({
    status: 'rejected',
    refundStatus: 'none',
    rejectionReason: 'it is sold out now',
  })
  expect(rejected.data.closedAt).not.toBeNull()
  expect(await listRefunds(world.db, byTransfer.orderId)).toEqual([])
})

test('a rejection by the owner gives the stock back and owes the down payment', async () => {
  const { orderId } = await paidOrder('gateway')
  const rejected = await people.reject(seller.token, orderId)
  expect(rejected.data).toMatchObject({ status: 'rejected', refundStatus: 'pending', closedAt: null })
  await world.drain()
  expect(await stateOf(orderId)).toMatchObject({ status: 'refunded', rejectionReason: 'it is sold out now' })
  const states = await world.db
    .selectFrom('stock_reservations')
    .select('state')
    .where('order_id', '=', orderId)
    .execute()
  expect(states).toEqual([{ state: 'released' }])
})
