import { codeCandidate, createOrder } from '../orders/index.ts'
import { publicActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'
import { countStatements } from '../testing/count-statements.ts'
import { jastipPeople, newPhone } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { jastip } from './flow.ts'

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

const countIn = async (table: 'jastip_participants' | 'jastip_orders', tripId: string) =>
  (await world.db.selectFrom(table).select('trip_id').where('trip_id', '=', tripId).execute()).length

test('answers with what the buyer has to pay, by when and where to', async () => {
  const trip = await people.trip(seller.token, { finalPaymentHours: 48 })
  const product = await people.product(seller.token, trip.id)
  const answer = await people.checkOut(trip.id, [{ productId: product.id, quantity: 3 }])
  expect(answer.status).toBe(201)
  expect(answer.data).toMatchObject({
    orderCode: expect.stringMatching(/^JST-[2-9A-HJKMNP-Z]{6}-[2-9A-HJKMNP-Z]{2}$/),
    subtotal: 300_000,
    dpAmount: 60_000,
    finalPaymentHours: 48,
    uploadToken: expect.stringMatching(/^[\w-]{43}$/),
    uploadLink: expect.stringContaining(`#${answer.data.uploadToken}`),
    bankAccount: { bankName: 'Bank Test', accountNumber: '1234567890', accountHolderName: 'Test' },
  })
  const { created_at, deadline_at } = await world.db
    .selectFrom('orders')
    .select(['created_at', 'deadline_at'])
    .where('id', '=', answer.data.orderId)
    .executeTakeFirstOrThrow()
  expect(deadline_at!.getTime() - created_at.getTime()).toBe(30 * 60_000)
  expect(answer.data.dpDeadline).toBe(deadline_at!.toISOString())
})

test('takes the same few statements for one line as for twenty', async () => {
  const trip = await people.trip(seller.token)
  const items: { productId: string; quantity: number }[] = []
  for (let n = 0; n < 20; n++) {
    const { id } = await people.product(seller.token, trip.id, { title: `Product ${n}` })
    items.push({ productId: id, quantity: 1 })
  }
  const one = await countStatements(() => people.checkOut(trip.id, items.slice(0, 1)))
  const twenty = await countStatements(() => people.checkOut(trip.id, items))
  expect(twenty).toBe(one)
  expect(one).toBeLessThanOrEqual(18)
})

test('jastip 17: the same Idempotency-Key twice, also at once, is one order; the earlier token is revoked', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id)
  const phone = newPhone()
  const order = () =>
    people.checkOut(
      trip.id,
      [{ productId: product.id, quantity: 2 }],
      { participantPhone: phone },
      {
        'idempotency-key': `key-of-test-17-${phone}`,
      },
    )
  const [first, twin] = await Promise.all([order(), order()])
  const later = await order()
  expect([first.status, twin.status, later.status]).toEqual([201, 201, 201])
  const { uploadToken: _token, uploadLink: _link, ...same } = later.data
  expect(first.data).toMatchObject(same)
  expect(twin.data).toMatchObject(same)
  expect(await stockOf(product.id)).toBe(98)
  const check = (token: string) => people.api('POST', '/api/upload/validate', { token })
  expect((await check(first.data.uploadToken)).body.code).toBe('token_revoked')
  expect((await check(later.data.uploadToken)).status).toBe(200)
})

test('jastip 24: all spellings of one phone and two e-mails are one guest and one participant', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { stock: undefined, isUnlimitedStock: true })
  const spellings = ['081234567890', '+62 812-3456-7890', '62812 3456 7890', '81234567890', '+620812 3456 7890']
  for (const [n, participantPhone] of spellings.entries()) {
    const answer = await people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }], {
      participantPhone,
      participantName: `Name ${n}`,
      participantEmail: n === 1 ? 'first@test.antre' : n === 2 ? 'stranger@test.antre' : undefined,
    })
    expect(answer.status).toBe(201)
    await world.db
      .updateTable('orders')
      .set({ status: 'cancelled', closed_at: new Date() })
      .where('id', '=', answer.data.orderId)
      .execute()
  }
  const guests = await world.db.selectFrom('guests').select(['email']).where('phone', '=', '+6281234567890').execute()
  expect(guests).toEqual([{ email: 'first@test.antre' }])
  const participants = await world.db
    .selectFrom('jastip_participants')
    .select('name')
    .where('trip_id', '=', trip.id)
    .execute()
  expect(participants).toEqual([{ name: 'Name 0' }])
  const buyers = await world.db
    .selectFrom('jastip_orders')
    .select('buyer_name')
    .where('trip_id', '=', trip.id)
    .orderBy('order_id')
    .execute()
  expect(buyers.map(buyer => buyer.buyer_name)).toEqual(['Name 0', 'Name 1', 'Name 2', 'Name 3', 'Name 4'])
  for (const participantPhone of ['0812', 'letters', '0812345678901234']) {
    const answer = await people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }], { participantPhone })
    expect([answer.status, answer.body.code]).toEqual([422, 'phone_invalid'])
  }
})

test('jastip 25: codes that are taken are skipped, and 50 parallel checkouts all get different ones', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id)
  const id = newId()
  await world.db
    .insertInto('order_codes')
    .values({ code: codeCandidate('JST', id, 0), order_id: newId() })
    .execute()
  const bare = { id, status: 'pending_dp', ownerId: null, customerRef: null, currency: 'IDR', total: '1' } as const
  const created = await inTransaction(world.deps, publicActor, tx => createOrder(tx, jastip, bare))
  expect(created.code).toBe(codeCandidate('JST', id, 1))
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }])),
  )
  expect(new Set(answers.map(answer => answer.data.orderCode)).size).toBe(50)
})

test('a fourth unpaid order of one guest and trip is refused, also in parallel', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id)
  const participantPhone = newPhone()
  const order = () => people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }], { participantPhone })
  const answers = await Promise.all(Array.from({ length: 8 }, order))
  expect(answers.filter(answer => answer.status === 201)).toHaveLength(3)
  expect(answers.filter(answer => answer.body.code === 'too_many_open_orders')).toHaveLength(5)
  expect(await stockOf(product.id)).toBe(97)
})

test('refuses a closed trip, foreign and inactive products, a missing address and missing details, and changes nothing', async () => {
  const trip = await people.trip(seller.token)
  const other = await people.trip(seller.token, { title: 'Seoul' })
  const product = await people.product(seller.token, trip.id, { requiresDetails: true })
  const foreign = await people.product(seller.token, other.id)
  const inactive = await people.product(seller.token, trip.id, { title: 'Gone', status: 'inactive' })
  const order = async (tripId: string, productId: string, more = {}, notes?: string) => {
    const answer = await people.checkOut(tripId, [{ productId, quantity: 1, ...(notes ? { notes } : {}) }], more)
    return [answer.status, answer.body.code]
  }
  expect(await order(newId(), product.id)).toEqual([404, 'not_found'])
  expect(await order(trip.id, foreign.id)).toEqual([409, 'product_unavailable'])
  expect(await order(trip.id, inactive.id)).toEqual([409, 'product_unavailable'])
  expect(await order(trip.id, product.id)).toEqual([422, 'details_required'])
  expect(await order(trip.id, product.id, { address: undefined }, 'red')).toEqual([422, 'address_required'])
  await people.api('PATCH', `/api/trips/${trip.id}`, { deadline: '2020-01-01T00:00:00Z' }, seller.token)
  expect(await order(trip.id, product.id, {}, 'red')).toEqual([409, 'trip_closed'])
  expect(await countIn('jastip_orders', trip.id)).toBe(0)
  expect(await countIn('jastip_participants', trip.id)).toBe(0)
  expect(await stockOf(product.id)).toBe(100)
})

test('a later price, markup or trip rule does not touch an order', async () => {
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { markupType: 'flat', markupValue: 10_000 })
  const { orderId, pass } = await people.buyer(trip.id, [{ productId: product.id, quantity: 1 }])
  await people.api('PATCH', `/api/products/${product.id}`, { price: 999_000, markupValue: 1 }, seller.token)
  await people.api('PATCH', `/api/trips/${trip.id}`, { paymentType: 'full', finalPaymentHours: 1 }, seller.token)
  await people.upload(orderId, pass)
  const accepted = await people.accept(seller.token, orderId)
  expect(accepted.data).toMatchObject({ subtotal: 100_000, dpAmount: 20_000, totalFinal: 115_500, deadlineAt: null })
})

test('POST /api/orders with flow jastip is the same checkout', async () => {
  const trip = await people.trip(seller.token)
  const task = await people.product(seller.token, trip.id, { type: 'tasks', stock: undefined })
  const body = { flow: 'jastip', tripId: trip.id, participantPhone: newPhone(), participantName: 'Ani' }
  const items = [{ productId: task.id, quantity: 1 }]
  expect((await people.api('POST', '/api/orders', { ...body, items })).status).toBe(201)
  expect((await people.api('POST', '/api/orders', { ...body, flow: 'other', items })).status).toBe(422)
})

test('a seller who takes gateway money only has no account to name', async () => {
  await world.db.deleteFrom('jastip_bank_accounts').where('user_id', '=', seller.id).execute()
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id)
  const answer = await people.checkOut(trip.id, [{ productId: product.id, quantity: 1 }])
  expect(answer.data.bankAccount).toBeNull()
})
