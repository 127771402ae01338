import { newId } from '../platform/ids.ts'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { getJastipOrder } from './queries/orders.ts'
import { listPayments } from './queries/payments.ts'
import { listRefunds } from './queries/refunds.ts'

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
  productId = (await people.product(seller.token, tripId, { stock: undefined, isUnlimitedStock: true })).id
})
afterAll(() => world.close())

const newOrder = () => people.buyer(tripId, [{ productId, quantity: 1 }])
let payments = 0
const paid = (orderId: string, change: object = {}) => ({
  paymentId: `pay-${++payments}`,
  orderId,
  status: 'paid',
  amount: 20_000,
  currency: 'IDR',
  paidAt: new Date().toISOString(),
  ...change,
})

const statusOf = async (orderId: string) => (await getJastipOrder(world.db, orderId)).status
const outcomesOf = async (paymentId: string) =>
  (
    await world.db
      .selectFrom('webhook_events')
      .select('outcome')
      .where('reference', '=', paymentId)
      .orderBy('id')
      .execute()
  ).map(row => row.outcome)

test('jastip 14: the same webhook 20 times in parallel is one move, 19 duplicates and one payment', async () => {
  const { orderId } = await newOrder()
  const news = paid(orderId)
  const answers = await Promise.all(Array.from({ length: 20 }, () => people.webhook('dp', news)))
  expect(answers.map(answer => answer.status)).toEqual(Array(20).fill(200))
  expect(answers.filter(answer => answer.data.duplicate)).toHaveLength(19)
  expect(await getJastipOrder(world.db, orderId)).toMatchObject({ status: 'awaiting_validation', version: 2 })
  expect(await listPayments(world.db, orderId)).toEqual([
    expect.objectContaining({ status: 'succeeded', receivedAmount: '20000.00', provider: 'gateway' }),
  ])
  expect((await outcomesOf(news.paymentId)).filter(outcome => outcome === 'duplicate')).toHaveLength(19)
})

test('jastip 15: a wrong amount or currency is kept as mismatched and moves nothing; a repeat is refused alike', async () => {
  const { orderId } = await newOrder()
  const short = paid(orderId, { amount: 19_999 })
  for (let call = 0; call < 2; call++) {
    const answer = await people.webhook('dp', short)
    expect([answer.status, answer.body.code]).toEqual([422, 'amount_mismatch'])
  }
  const foreign = await people.webhook('dp', paid(orderId, { currency: 'USD' }))
  expect(foreign.body.code).toBe('amount_mismatch')
  expect(await statusOf(orderId)).toBe('pending_dp')
  expect((await listPayments(world.db, orderId)).map(({ status, receivedAmount }) => [status, receivedAmount])).toEqual(
    [
      ['mismatched', '19999.00'],
      ['mismatched', '20000.00'],
    ],
  )
  expect(await listRefunds(world.db, orderId)).toEqual([])
})

test('jastip 15, N17: a changed body, an old timestamp and a missing signature are 401 and write nothing', async () => {
  const { orderId } = await newOrder()
  const news = paid(orderId)
  const changed = await people.webhook('dp', news, { raw: JSON.stringify(news).replace('20000', '20001') })
  expect([changed.status, changed.body.code]).toEqual([401, 'signature_invalid'])
  const old = await people.webhook('dp', news, { secondsAgo: 302 })
  expect([old.status, old.body.code]).toEqual([401, 'timestamp_out_of_range'])
  for (const kind of ['dp', 'final', 'refund']) {
    const unsigned = await people.api('POST', `/api/webhooks/payment/${kind}`, news)
    expect([unsigned.status, unsigned.body.code]).toEqual([401, 'signature_invalid'])
  }
  expect(await outcomesOf(news.paymentId)).toEqual([])
  expect(await listPayments(world.db, orderId)).toEqual([])
  expect(await statusOf(orderId)).toBe('pending_dp')
})

test('a signed body that is no JSON is 400, one with bad fields 422, an unknown order 404 and recorded', async () => {
  const broken = await people.webhook('dp', 'not an object' as unknown as object)
  expect(broken.status).toBe(422)
  expect((await people.webhook('dp', paid('no-id'))).status).toBe(422)
  expect((await people.webhook('dp', paid(newId(), { amount: 1.234 }))).status).toBe(422)
  const unknown = paid(newId())
  expect((await people.webhook('dp', unknown)).status).toBe(404)
  expect(await outcomesOf(unknown.paymentId)).toEqual(['unknown'])
})

test('a payment id belongs to one order and one kind', async () => {
  const [one, other] = [await newOrder(), await newOrder()]
  const news = paid(one.orderId)
  await people.webhook('dp', news)
  const stolen = await people.webhook('dp', { ...news, orderId: other.orderId })
  expect([stolen.status, stolen.body.code]).toEqual([409, 'payment_bound_elsewhere'])
  expect((await people.webhook('final', news)).status).toBe(409)
  expect(await statusOf(other.orderId)).toBe('pending_dp')
})

test('jastip 16: money after the cancellation goes back; the order stays cancelled', async () => {
  const { orderId, pass } = await newOrder()
  const link = await people.api('POST', `/api/orders/${orderId}/payments`, { kind: 'dp' }, pass)
  await people.api('POST', `/api/orders/${orderId}/cancel`, {}, pass)
  expect(await statusOf(orderId)).toBe('cancelled')
  await people.pay(link.data.paymentLink)
  expect(await getJastipOrder(world.db, orderId)).toMatchObject({ status: 'cancelled', refundStatus: 'pending' })
  await world.drain()
  expect(await getJastipOrder(world.db, orderId)).toMatchObject({
    status: 'cancelled',
    version: 2,
    refundStatus: 'done',
  })
  expect(await listRefunds(world.db, orderId)).toEqual([
    expect.objectContaining({ reason: 'late_payment', status: 'succeeded', amount: '20000.00' }),
  ])
  const told = await world.db
    .selectFrom('notifications')
    .select(['event', 'status'])
    .where('order_id', '=', orderId)
    .where('event', '=', 'refunded')
    .execute()
  expect(told).toEqual([{ event: 'refunded', status: 'sent' }])
})

test('the same kind paid twice: the second payment goes back, the first stays', async () => {
  const { orderId } = await newOrder()
  await people.webhook('dp', paid(orderId))
  expect((await people.webhook('dp', paid(orderId))).data).toEqual({ processed: true, duplicate: false })
  expect(await getJastipOrder(world.db, orderId)).toMatchObject({
    status: 'awaiting_validation',
    refundStatus: 'pending',
  })
  const [first, second] = await listPayments(world.db, orderId)
  expect((await listRefunds(world.db, orderId)).map(refund => refund.paymentId)).toEqual([second!.id])
  await people.reject(seller.token, orderId)
  const owed = (await listRefunds(world.db, orderId)).map(refund => refund.paymentId)
  expect(owed.sort()).toEqual([first!.id, second!.id].sort())
})

test('gateway money takes the place of a claim that nobody judged yet', async () => {
  const { orderId, pass } = await newOrder()
  await people.upload(orderId, pass)
  expect((await people.webhook('dp', paid(orderId))).data.processed).toBe(true)
  expect((await listPayments(world.db, orderId)).map(({ provider, status }) => [provider, status])).toEqual([
    ['transfer', 'refused'],
    ['gateway', 'succeeded'],
  ])
  expect(await listRefunds(world.db, orderId)).toEqual([])
  const refused = await people.reject(seller.token, orderId, { dpReceived: false })
  expect(refused.body.code).toBe('dp_confirmed_by_gateway')
})

test('failed and expired close the payment only; failed after paid is recorded and ignored', async () => {
  const { orderId } = await newOrder()
  const failed = paid(orderId, { status: 'failed' })
  expect((await people.webhook('dp', failed)).data).toEqual({ processed: true, duplicate: false })
  expect((await people.webhook('dp', failed)).data).toEqual({ processed: false, duplicate: true })
  expect(await statusOf(orderId)).toBe('pending_dp')
  const good = paid(orderId)
  await people.webhook('dp', good)
  expect((await people.webhook('dp', { ...good, status: 'failed' })).status).toBe(200)
  expect(await outcomesOf(good.paymentId)).toEqual(['accepted', 'late'])
  expect((await listPayments(world.db, orderId)).map(({ status }) => status)).toEqual(['failed', 'succeeded'])
  expect(await statusOf(orderId)).toBe('awaiting_validation')
})

test('a final payment that the gateway reported cannot be refused by the owner', async () => {
  const { orderId, pass } = await newOrder()
  await people.upload(orderId, pass)
  const accepted = await people.accept(seller.token, orderId)
  await people.webhook('final', paid(orderId, { amount: accepted.data.remainingAmount }))
  expect(await statusOf(orderId)).toBe('awaiting_final_validation')
  const refused = await people.judgeFinal(seller.token, orderId, {
    action: 'reject',
    rejectionReason: 'I did not see it',
  })
  expect([refused.status, refused.body.code]).toEqual([409, 'final_confirmed_by_gateway'])
  expect((await people.judgeFinal(seller.token, orderId)).data.status).toBe('paid')
})
