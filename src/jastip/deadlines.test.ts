import { systemActor } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { expireDp, expireFinal } from './jobs.ts'
import { getJastipOrder } from './queries/orders.ts'
import { listRefunds } from './queries/refunds.ts'

const MINUTE = 60
const HOUR = 3_600
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

const stockOf = async (productId: string) => {
  const { data } = await people.api('GET', `/api/trips/${await tripOf(productId)}/products?ids=${productId}`)
  return data[0].stock
}
const tripOf = async (productId: string) =>
  (await world.db.selectFrom('jastip_products').select('trip_id').where('id', '=', productId).executeTakeFirstOrThrow())
    .trip_id

const messages = async (orderId: string) =>
  (
    await world.db
      .selectFrom('notifications')
      .select('event')
      .where('order_id', '=', orderId)
      .where('recipient_type', '=', 'guest')
      .orderBy('id')
      .execute()
  ).map(row => row.event)

async function orderOf(trip: object = {}, quantity = 4) {
  const { id: tripId } = await people.trip(seller.token, trip)
  const product = await people.product(seller.token, tripId)
  return { productId: product.id, ...(await people.buyer(tripId, [{ productId: product.id, quantity }])) }
}

const stateOf = async (orderId: string) => {
  const { status, version, refundStatus, closedAt } = await getJastipOrder(world.db, orderId)
  return { status, version, refundStatus, isClosed: closedAt !== null }
}

test('jastip 6: an order of 31 minutes is cancelled by one sweep; the same job again changes nothing', async () => {
  const { orderId, productId, uploadToken, pass } = await orderOf()
  await people.api('POST', `/api/orders/${orderId}/payments`, { kind: 'dp' }, pass)
  expect(await stockOf(productId)).toBe(96)
  await world.clock.advance(29 * MINUTE)
  await world.sweep()
  expect((await stateOf(orderId)).status).toBe('pending_dp')
  await world.clock.advance(2 * MINUTE)
  await world.sweep()

  const cancelled = { status: 'cancelled', version: 2, refundStatus: 'none', isClosed: true }
  const check = async () => {
    expect(await stateOf(orderId)).toEqual(cancelled)
    expect(await stockOf(productId)).toBe(100)
    expect(await messages(orderId)).toEqual(['order_created', 'expired'])
  }
  await check()
  const payments = await world.db
    .selectFrom('jastip_payments')
    .select('status')
    .where('order_id', '=', orderId)
    .execute()
  expect(payments).toEqual([{ status: 'expired' }])
  const validate = await people.api('POST', '/api/upload/validate', { token: uploadToken })
  expect(validate.body.code).toBe('token_revoked')

  const dueAt = new Date(Date.now() + DAY * 1000).toISOString()
  await inTransaction(world.deps, systemActor('test'), tx => tx.enqueue(expireDp, [{ orderIds: [orderId], dueAt }]))
  await world.drain()
  await check()
})

test('jastip 8: a proof at minute 31 counts when no sweep ran; the expire job that follows does nothing', async () => {
  const { orderId, pass, productId } = await orderOf()
  // The pass outlives the deadline only by the seconds between checkout and challenge.
  await world.clock.advance(29 * MINUTE)
  await world.db
    .updateTable('orders')
    .set({ deadline_at: new Date(0) })
    .where('id', '=', orderId)
    .execute()
  expect((await people.upload(orderId, pass)).status).toBe(201)
  const dueAt = new Date(Date.now() + HOUR * 1000).toISOString()
  await inTransaction(world.deps, systemActor('test'), tx => tx.enqueue(expireDp, [{ orderIds: [orderId], dueAt }]))
  await world.sweep()
  expect(await stateOf(orderId)).toMatchObject({ status: 'awaiting_validation', version: 2 })
  expect(await stockOf(productId)).toBe(96)
  const { expires_at } = await world.db
    .selectFrom('stock_reservations')
    .select('expires_at')
    .where('order_id', '=', orderId)
    .executeTakeFirstOrThrow()
  expect(expires_at).toBeNull()
})

test('jastip 19: without finalPaymentHours the order still waits after 60 days and holds its stock', async () => {
  const { orderId, pass, productId } = await orderOf()
  await people.upload(orderId, pass)
  await people.accept(seller.token, orderId)
  await world.clock.advance(60 * DAY)
  await world.sweep()
  expect(await stateOf(orderId)).toMatchObject({ status: 'awaiting_final_payment', version: 3 })
  expect(await stockOf(productId)).toBe(96)
})

test('jastip 19: with 48 hours it is cancelled after them and the down payment is owed back', async () => {
  const { orderId, pass, productId, dpAmount } = await orderOf({ finalPaymentHours: 48 })
  await people.upload(orderId, pass)
  await people.accept(seller.token, orderId)
  await world.clock.advance(47 * HOUR)
  await world.sweep()
  expect((await stateOf(orderId)).status).toBe('awaiting_final_payment')
  await world.clock.advance(2 * HOUR)
  await world.sweep()
  expect(await stateOf(orderId)).toEqual({ status: 'cancelled', version: 4, refundStatus: 'pending', isClosed: true })
  expect(await stockOf(productId)).toBe(100)
  const [refund, ...others] = await listRefunds(world.db, orderId)
  expect(others).toEqual([])
  expect(refund).toMatchObject({ provider: 'transfer', status: 'pending', amount: `${dpAmount}.00` })
  expect(await messages(orderId)).toEqual(['order_created', 'dp_received', 'accepted', 'expired'])
  const confirmed = await people.api(
    'POST',
    `/api/orders/${orderId}/refund/confirm`,
    { reference: 'TRX-1' },
    await people.logIn(seller.email),
  )
  expect(confirmed.data).toMatchObject({ status: 'succeeded', reference: 'TRX-1' })
  expect(await stateOf(orderId)).toMatchObject({ status: 'cancelled', version: 4, refundStatus: 'done' })
})

test('a refused final proof starts the 48 hours anew, and a job for the old deadline does nothing', async () => {
  const { orderId, pass, phone } = await orderOf({ finalPaymentHours: 48 })
  await people.upload(orderId, pass)
  await people.accept(seller.token, orderId)
  await world.drain()
  const oldDeadline = (await getJastipOrder(world.db, orderId)).deadlineAt!
  await world.clock.advance(40 * HOUR)
  await people.upload(orderId, await people.passFor(await people.linkToken(phone), phone))
  expect((await getJastipOrder(world.db, orderId)).deadlineAt).toBeNull()
  const token = await people.logIn(seller.email)
  await people.judgeFinal(token, orderId, { action: 'reject', rejectionReason: 'the picture is unreadable' })
  const newDeadline = (await getJastipOrder(world.db, orderId)).deadlineAt!
  expect(newDeadline.getTime() - oldDeadline.getTime()).toBeGreaterThanOrEqual(40 * HOUR * 1000)

  await world.clock.advance(10 * HOUR)
  const late = { orderIds: [orderId], dueAt: oldDeadline.toISOString() }
  await inTransaction(world.deps, systemActor('test'), tx => tx.enqueue(expireFinal, [late]))
  await world.sweep()
  expect((await stateOf(orderId)).status).toBe('awaiting_final_payment')
  await world.clock.advance(39 * HOUR)
  await world.sweep()
  expect((await stateOf(orderId)).status).toBe('cancelled')
})

test('the demo deadlines of a trip hold for its orders', async () => {
  await world.close()
  world = await jastipWorld({ DEMO: true })
  people = jastipPeople(world)
  seller = await people.user()
  const ignored = await orderOf({ demoDeadlines: { dpSeconds: 5, validationSeconds: 10 } })
  const paid = await orderOf({ demoDeadlines: { dpSeconds: 60, validationSeconds: 10 } })
  await people.upload(paid.orderId, paid.pass)
  await world.clock.advance(6)
  await world.sweep()
  expect((await stateOf(ignored.orderId)).status).toBe('cancelled')
  expect((await stateOf(paid.orderId)).status).toBe('awaiting_validation')
  await world.clock.advance(6)
  await world.sweep()
  expect((await stateOf(paid.orderId)).status).toBe('rejected')
})
