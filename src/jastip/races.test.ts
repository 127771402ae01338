import { setTimeout } from 'node:timers/promises'
import { systemActor } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { autoRefundOrders } from './commands/reject-orders.ts'
import { getJastipOrder } from './queries/orders.ts'
import { listRefunds } from './queries/refunds.ts'

const ROUNDS = 20

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; token: string }
let tripId: string
let productId: string

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
  tripId = (await people.trip(seller.token)).id
  productId = (await people.product(seller.token, tripId, { stock: 1_000 })).id
})
afterAll(() => world.close())

async function claimedOrder() {
  const buyer = await people.buyer(tripId, [{ productId, quantity: 1 }])
  await people.upload(buyer.orderId, buyer.pass)
  return buyer.orderId
}

test('jastip 9: of accept and auto_refund at the same instant exactly one wins, never both', async () => {
  const winners: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const orderId = await claimedOrder()
    const dueAt = (await getJastipOrder(world.db, orderId)).deadlineAt!
    const [answer] = await Promise.all([people.accept(seller.token, orderId), expireAfter(round, orderId, dueAt)])
    const order = await getJastipOrder(world.db, orderId)
    const refunds = await listRefunds(world.db, orderId)
    winners.push(order.status)
    if (order.status === 'rejected') {
      expect(answer.body).toMatchObject({ status: 409, code: 'order_wrong_state', currentStatus: 'rejected' })
      expect([order.breakdown, order.version, refunds.length]).toEqual([null, 3, 1])
    } else {
      expect(answer.data).toMatchObject({ status: 'awaiting_final_payment', version: 3 })
      expect(refunds).toEqual([])
    }
  }
  expect(winners).toHaveLength(ROUNDS)
})

/** Each round lets the owner's request come a little further, so that either side wins some. */
async function expireAfter(milliseconds: number, orderId: string, dueAt: Date): Promise<void> {
  await setTimeout(milliseconds)
  await inTransaction(world.deps, systemActor('test'), tx => autoRefundOrders(tx, [orderId], dueAt))
}

test('jastip 17: of two parallel approve-final one is 200 and one 409; stock committed once, one message', async () => {
  const orderId = await claimedOrder()
  const accepted = await people.accept(seller.token, orderId)
  await people.webhook('final', {
    paymentId: 'pay-17',
    orderId,
    status: 'paid',
    amount: accepted.data.remainingAmount,
    currency: 'IDR',
  })
  const answers = await Promise.all([
    people.judgeFinal(seller.token, orderId),
    people.judgeFinal(seller.token, orderId),
  ])
  expect(answers.map(answer => answer.status).sort()).toEqual([200, 409])
  const states = await world.db
    .selectFrom('stock_reservations')
    .select('state')
    .where('order_id', '=', orderId)
    .execute()
  expect(states).toEqual([{ state: 'committed' }])
  const messages = await world.db
    .selectFrom('notifications')
    .select('id')
    .where('order_id', '=', orderId)
    .where('event', '=', 'paid')
    .execute()
  expect(messages).toHaveLength(1)
})

test('of a proof and a cancellation with one pass exactly one happens', async () => {
  for (let round = 0; round < ROUNDS / 2; round++) {
    const { orderId, pass } = await people.buyer(tripId, [{ productId, quantity: 1 }])
    const [proof, cancel] = await Promise.all([
      people.upload(orderId, pass),
      people.api('POST', `/api/orders/${orderId}/cancel`, {}, pass),
    ])
    expect([proof.status === 201, cancel.status === 200].filter(won => won)).toHaveLength(1)
    const { status, version } = await getJastipOrder(world.db, orderId)
    expect([status, version]).toEqual([proof.status === 201 ? 'awaiting_validation' : 'cancelled', 2])
  }
})
