import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; token: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
})
afterAll(() => world.close())

const stockOf = async (productId: string) => {
  const { stock } = await world.db
    .selectFrom('jastip_products as p')
    .innerJoin('stock_items as s', 's.id', 'p.stock_item_id')
    .select('s.stock')
    .where('p.id', '=', productId)
    .executeTakeFirstOrThrow()
  return stock
}

const heldOf = async (tripId: string) => {
  const rows = await world.db
    .selectFrom('stock_reservations as r')
    .innerJoin('jastip_orders as j', 'j.order_id', 'r.order_id')
    .select(['r.item_id', 'r.quantity'])
    .where('j.trip_id', '=', tripId)
    .where('r.state', '=', 'held')
    .execute()
  return rows.reduce((sum, row) => sum + row.quantity, 0)
}

const countIn = async (table: 'jastip_participants' | 'jastip_orders', tripId: string) =>
  (await world.db.selectFrom(table).select('trip_id').where('trip_id', '=', tripId).execute()).length

test('jastip 4: of 100 concurrent checkouts of 1 for 10 pieces exactly 10 are created', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { stock: 10 })
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }])),
  )
  const created = answers.filter(answer => answer.status === 201)
  const refused = answers.filter(answer => answer.status === 409)
  expect([created.length, refused.length]).toEqual([10, 90])
  for (const { body } of refused) {
    expect(body).toMatchObject({
      code: 'stock_insufficient',
      items: [{ productId: product.id, title: 'Matcha', available: 0, requested: 1 }],
    })
  }
  expect(await stockOf(product.id)).toBe(0)
  expect(await countIn('jastip_participants', trip.id)).toBe(10)
  expect(await countIn('jastip_orders', trip.id)).toBe(10)
  const orders = await world.db.selectFrom('orders').select('id').execute()
  const codes = await world.db.selectFrom('order_codes').select('order_id').execute()
  expect(codes.map(code => code.order_id).sort()).toEqual(orders.map(order => order.id).sort())
})

test('jastip 5: two products ordered as A,B and as B,A never deadlock', async () => {
  const trip = await people.trip(seller.token)
  const a = await people.product(seller.token, trip.id, { title: 'A', stock: 70 })
  const b = await people.product(seller.token, trip.id, { title: 'B', stock: 70 })
  const lines = [
    { productId: a.id, quantity: 1 },
    { productId: b.id, quantity: 1 },
  ]
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => people.checkOut(trip.id, n % 2 === 0 ? lines : lines.toReversed())),
  )
  expect(answers.filter(answer => answer.status === 201)).toHaveLength(70)
  expect(answers.filter(answer => answer.status !== 201 && answer.body.code !== 'stock_insufficient')).toEqual([])
  expect(await stockOf(a.id)).toBe(0)
  expect(await stockOf(b.id)).toBe(0)
  expect(await heldOf(trip.id)).toBe(140)
})

test('jastip 5: an unlimited product and a task are never refused for stock and never held', async () => {
  const trip = await people.trip(seller.token)
  const unlimited = await people.product(seller.token, trip.id, { stock: undefined, isUnlimitedStock: true })
  const task = await people.product(seller.token, trip.id, { title: 'Task', type: 'tasks', stock: undefined })
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      people.checkOut(trip.id, [{ productId: n % 2 === 0 ? unlimited.id : task.id, quantity: 999 }]),
    ),
  )
  expect(answers.filter(answer => answer.status !== 201)).toEqual([])
  expect(await heldOf(trip.id)).toBe(0)
})
