import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { getJastipOrder } from './queries/orders.ts'
import { listPayments } from './queries/payments.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
})
afterAll(() => world.close())

const stateOf = (orderId: string) =>
  world.db.selectFrom('stock_reservations').select(['state', 'quantity']).where('order_id', '=', orderId).execute()

const eventsOf = async (orderId: string) => {
  const events = await world.db
    .selectFrom('order_events')
    .select(['version', 'transition'])
    .where('order_id', '=', orderId)
    .orderBy('version')
    .execute()
  expect(events.map(event => event.version)).toEqual(events.map((_, index) => index + 1))
  return events.map(event => event.transition)
}

const messagesOf = async (orderId: string) => {
  const rows = await world.db
    .selectFrom('notifications')
    .select(['event', 'recipient_type', 'status'])
    .where('order_id', '=', orderId)
    .orderBy('id')
    .execute()
  return rows.map(row => `${row.event} ${row.recipient_type} ${row.status}`)
}

test('jastip 1: by proof, from checkout until paid', async () => {
  const seller = await people.user()
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { markupType: 'percent', markupValue: 10 })
  const buyer = await people.buyer(trip.id, [{ productId: product.id, quantity: 2 }])
  await world.drain()

  const proof = await people.upload(buyer.orderId, buyer.pass)
  expect(proof.status).toBe(201)
  expect(proof.data).toMatchObject({ kind: 'dp', order: { status: 'awaiting_validation', refundStatus: 'none' } })
  const accepted = await people.accept(seller.token, buyer.orderId, { shippingFee: 20_000 })
  expect(accepted.data).toMatchObject({
    status: 'awaiting_final_payment',
    totalFinal: 251_000,
    remainingAmount: 211_000,
  })
  await world.drain()

  const pass = await people.passFor(await people.linkToken(buyer.phone), buyer.phone)
  expect((await people.upload(buyer.orderId, pass)).data.order.status).toBe('awaiting_final_validation')
  const paid = await people.judgeFinal(seller.token, buyer.orderId)
  expect(paid.data).toMatchObject({ status: 'paid', version: 5 })
  await world.drain()

  expect(await eventsOf(buyer.orderId)).toEqual(['create', 'submit_dp', 'accept', 'submit_final', 'approve_final'])
  expect(await stateOf(buyer.orderId)).toEqual([{ state: 'committed', quantity: 2 }])
  expect(await messagesOf(buyer.orderId)).toEqual([
    'order_created guest sent',
    'dp_received guest sent',
    'dp_received user suppressed',
    'accepted guest sent',
    'final_received guest sent',
    'final_received user suppressed',
    'paid guest sent',
  ])
  expect(
    (await listPayments(world.db, buyer.orderId)).map(({ kind, provider, status }) => [kind, provider, status]),
  ).toEqual([
    ['dp', 'transfer', 'succeeded'],
    ['final', 'transfer', 'succeeded'],
  ])
})

test('jastip 2: by two webhooks the order ends in the same statuses and the same money', async () => {
  const seller = await people.user()
  const trip = await people.trip(seller.token)
  const product = await people.product(seller.token, trip.id, { markupType: 'percent', markupValue: 10 })
  const { orderId, dpAmount, pass } = await people.buyer(trip.id, [{ productId: product.id, quantity: 2 }])

  await people.payByGateway(orderId, pass, 'dp')
  expect((await getJastipOrder(world.db, orderId)).status).toBe('awaiting_validation')
  await people.accept(seller.token, orderId, { shippingFee: 20_000 })
  const final = await people.webhook('final', {
    paymentId: 'pay-final-of-2',
    orderId,
    status: 'paid',
    amount: 211_000,
    currency: 'IDR',
    paidAt: new Date().toISOString(),
  })
  expect(final.data).toEqual({ processed: true, duplicate: false })
  const paid = await people.judgeFinal(seller.token, orderId)
  expect(paid.data).toMatchObject({ status: 'paid', totalFinal: 251_000, dpAmount, remainingAmount: 211_000 })
  expect(await eventsOf(orderId)).toEqual(['create', 'submit_dp', 'accept', 'submit_final', 'approve_final'])
  expect(await stateOf(orderId)).toEqual([{ state: 'committed', quantity: 2 }])
  expect((await listPayments(world.db, orderId)).map(({ kind, provider, status }) => [kind, provider, status])).toEqual(
    [
      ['dp', 'gateway', 'succeeded'],
      ['final', 'gateway', 'succeeded'],
    ],
  )
})

test('jastip 3: examples A, B and C over HTTP; C goes straight to paid with both events', async () => {
  const seller = await people.user()
  const trip = await people.trip(seller.token)
  const make = (product: object) => people.product(seller.token, trip.id, product)
  const bag = await make({ title: 'Bag', price: 185_500, markupType: 'percent', markupValue: 12.5 })
  const tea = await make({ title: 'Tea', price: 49_999, markupType: 'flat', markupValue: 5_000 })
  const a = await people.buyer(trip.id, [
    { productId: bag.id, quantity: 2 },
    { productId: tea.id, quantity: 1 },
  ])
  expect(a.dpAmount).toBe(84_200)
  await people.upload(a.orderId, a.pass)
  const acceptedA = await people.accept(seller.token, a.orderId, { shippingFee: 32_000, serviceFee: 10_000 })
  expect(acceptedA.data.breakdown).toMatchObject({
    markup: 51_375,
    platformCommission: 23_619,
    totalFinal: 537_993,
    remainingAmount: 453_793,
  })

  const snack = await make({ title: 'Snack', price: 8_000, markupType: 'percent', markupValue: 10 })
  const b = await people.buyer(trip.id, [{ productId: snack.id, quantity: 1 }])
  await people.upload(b.orderId, b.pass)
  const acceptedB = await people.accept(seller.token, b.orderId, { shippingFee: 15_000 })
  expect(acceptedB.data).toMatchObject({ dpAmount: 8_000, totalFinal: 24_240, remainingAmount: 16_240 })

  await setCommission(0, true)
  const full = await people.trip(seller.token, { title: 'In full', paymentType: 'full' })
  const task = await people.product(seller.token, full.id, {
    title: 'Queue',
    price: 125_000,
    type: 'tasks',
    stock: undefined,
  })
  const c = await people.buyer(full.id, [{ productId: task.id, quantity: 1 }], { address: undefined })
  await people.upload(c.orderId, c.pass)
  const paid = await people.accept(seller.token, c.orderId, { shippingFee: undefined })
  expect(paid.data).toMatchObject({ status: 'paid', totalFinal: 125_000, remainingAmount: 0, version: 4 })
  expect(paid.data.breakdown).toMatchObject({ taskFee: 125_000, platformCommission: 0, commissionRate: 0 })
  expect(await eventsOf(c.orderId)).toEqual(['create', 'submit_dp', 'accept', 'settle'])
  await setCommission(0, false)
})

async function setCommission(value: number, isActive: boolean): Promise<void> {
  const id = '01980000-0000-7000-8000-000000000001'
  const row = {
    id,
    scope: 'platform_commission',
    calculation_type: 'percent',
    value,
    is_active: isActive,
    updated_at: new Date(),
  }
  await world.db
    .insertInto('jastip_fees_config')
    .values(row)
    .onConflict(oc => oc.column('id').doUpdateSet({ value, is_active: isActive }))
    .execute()
}
