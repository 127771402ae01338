import { jastipPeople, misbehave } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { listPayments } from './queries/payments.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let tripId: string
let productId: string
let seller: { token: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
  tripId = (await people.trip(seller.token)).id
  productId = (await people.product(seller.token, tripId)).id
})
afterAll(() => world.close())

const newOrder = () => people.buyer(tripId, [{ productId, quantity: 1 }])
const ask = (orderId: string, pass: string, kind: string, key?: string) =>
  people.api('POST', `/api/orders/${orderId}/payments`, { kind }, pass, key ? { 'idempotency-key': key } : {})

test('a link asks for the down payment, and can be had again by its key, also at once', async () => {
  const { orderId, pass } = await newOrder()
  const key = `key-of-payment-${orderId}`
  const [first, twin] = await Promise.all([ask(orderId, pass, 'dp', key), ask(orderId, pass, 'dp', key)])
  const later = await ask(orderId, pass, 'dp', key)
  expect([first.status, twin.status, later.status]).toEqual([201, 201, 201])
  expect(twin.data).toEqual(first.data)
  expect(later.data).toEqual(first.data)
  expect(await listPayments(world.db, orderId)).toEqual([
    expect.objectContaining({ amount: '20000.00', status: 'pending', link: first.data.paymentLink }),
  ])
})

test('there is no link for what is not due', async () => {
  const { orderId, pass } = await newOrder()
  const answer = await ask(orderId, pass, 'final')
  expect([answer.status, answer.body.code, answer.body.currentStatus]).toEqual([409, 'order_wrong_state', 'pending_dp'])
  expect(await listPayments(world.db, orderId)).toEqual([])
})

test('a gateway that is down is 503; the same key then gets its link under the same payment', async () => {
  const { orderId, pass } = await newOrder()
  const key = `key-of-outage-${orderId}`
  await misbehave(world.payments, { mode: 'lost-answer', failNext: 1 })
  const down = await ask(orderId, pass, 'dp', key)
  expect([down.status, down.body.code]).toEqual([503, 'gateway_unavailable'])
  const up = await ask(orderId, pass, 'dp', key)
  expect(up.status).toBe(201)
  expect((await listPayments(world.db, orderId)).map(payment => payment.id)).toEqual([up.data.paymentId])
  await people.pay(up.data.paymentLink)
  expect((await listPayments(world.db, orderId)).map(payment => payment.status)).toEqual(['succeeded'])
})
