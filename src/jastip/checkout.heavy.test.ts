import { setTimeout } from 'node:timers/promises'
import { systemActor } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { autoRefundOrders } from './commands/reject-orders.ts'
import { getJastipOrder } from './queries/orders.ts'
import { listRefunds } from './queries/refunds.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; email: string; token: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
})
afterAll(() => world.close())

test('1,000 concurrent checkouts for 100 pieces: exactly 100 orders, stock 0, never negative', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { stock: 100 })
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }])),
  )
  expect(answers.filter(answer => answer.status === 201)).toHaveLength(100)
  expect(answers.filter(answer => answer.body.code === 'stock_insufficient')).toHaveLength(900)
  const orders = await world.db.selectFrom('orders').select('id').execute()
  const codes = await world.db.selectFrom('order_codes').select('order_id').execute()
  expect([orders.length, codes.length]).toEqual([100, 100])
  const seen = await people.api('GET', `/api/trips/${trip.id}/products`)
  expect(seen.data).toEqual([expect.objectContaining({ stock: 0 })])
})

test('jastip 9: 200 rounds of accept against auto_refund', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { stock: undefined, isUnlimitedStock: true })
  const wins = { accepted: 0, rejected: 0 }
  for (let round = 0; round < 200; round++) {
    const { orderId, pass } = await people.buyer(trip.id, [{ productId: product.id, quantity: 1 }])
    await people.upload(orderId, pass)
    const dueAt = (await getJastipOrder(world.db, orderId)).deadlineAt!
    const expire = async () => {
      await setTimeout(round % 12)
      await inTransaction(world.deps, systemActor('test'), tx => autoRefundOrders(tx, [orderId], dueAt))
    }
    const [answer] = await Promise.all([people.accept(seller.token, orderId), expire()])
    const order = await getJastipOrder(world.db, orderId)
    const refunds = await listRefunds(world.db, orderId)
    expect([order.version, order.breakdown !== null, refunds.length]).toEqual([
      3,
      answer.status === 200,
      answer.status === 200 ? 0 : 1,
    ])
    wins[answer.status === 200 ? 'accepted' : 'rejected']++
  }
  expect(wins.accepted + wins.rejected).toBe(200)
})
