import fc from 'fast-check'
import { systemActor } from '../platform/actor.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'
import { releaseStock } from '../stock/index.ts'
import { jastipMoves, type MoveName } from '../testing/jastip-moves.ts'
import { jastipPeople, newPhone } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { checkOut } from './commands/check-out.ts'
import { type JastipStatus, jastip } from './flow.ts'
import { getJastipOrder } from './queries/orders.ts'

const ORDERS = 3
const STOCK = [2, 5]
const STATUSES = Object.keys(jastip.statuses)

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; token: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
  // No commission, so that an order paid in full at once has nothing left to pay.
  await world.db
    .insertInto('jastip_fees_config')
    .values({
      id: newId(),
      scope: 'platform_commission',
      calculation_type: 'percent',
      value: 0,
      updated_at: new Date(),
    })
    .execute()
})
afterAll(() => world.close())

const NAMES = Object.keys(jastipMoves) as MoveName[]
const REFUND: MoveName[] = ['endRefund', 'confirmRefund', 'payFinal', 'releaseStock']

/** What brings an order on. A quarter of the steps is anything at all. */
const FITTING: Record<JastipStatus, MoveName[]> = {
  pending_dp: ['proof', 'proof', 'payDp', 'payDp', 'cancel', 'expireDp'],
  awaiting_validation: ['accept', 'accept', 'accept', 'accept', 'reject', 'autoRefund', 'payDp'],
  awaiting_final_payment: ['proof', 'payFinal', 'proof', 'payFinal', 'expireFinal'],
  awaiting_final_validation: ['approveFinal', 'rejectFinal', 'payFinal'],
  rejected: REFUND,
  cancelled: REFUND,
  paid: NAMES,
  shipped: NAMES,
  completed: NAMES,
  refunded: NAMES,
}

type Step = { order: number; isFitting: boolean; pick: number; flavour: number }
const step: fc.Arbitrary<Step> = fc.record({
  order: fc.nat(ORDERS - 1),
  isFitting: fc.constantFrom(true, true, true, false),
  pick: fc.nat(999),
  flavour: fc.nat(999),
})
const line = fc.record({ product: fc.nat(STOCK.length - 1), quantity: fc.integer({ min: 1, max: 2 }) })
const run = fc.record({
  paymentType: fc.constantFrom('dp', 'full'),
  finalPaymentHours: fc.constantFrom(null, 24),
  orders: fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { minLength: ORDERS, maxLength: ORDERS }),
  clients: fc.array(fc.array(step, { minLength: 8, maxLength: 14 }), { minLength: 2, maxLength: 2 }),
})

/** A refusal leaves nothing; any other error fails the test. */
function refusedOnly(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error
}

async function openShop(given: { paymentType: string; finalPaymentHours: number | null }) {
  const trip = await people.trip(seller.token, given)
  const products: string[] = []
  for (const stock of STOCK) products.push((await people.product(seller.token, trip.id, { stock })).id)
  const rows = await world.db
    .selectFrom('jastip_products')
    .select(['id', 'stock_item_id'])
    .where('id', 'in', products)
    .execute()
  const items = products.map(id => rows.find(row => row.id === id)!.stock_item_id)
  return { tripId: String(trip.id), products, items }
}

function order(shop: { tripId: string; products: string[] }, lines: { product: number; quantity: number }[]) {
  const items = lines.map(one => ({ productId: shop.products[one.product]!, quantity: one.quantity }))
  const checkout = { tripId: shop.tripId, phone: newPhone(), name: 'Ani', address: { text: 'Jl. Merdeka 1' }, items }
  const call = { idempotencyKey: undefined, body: {}, contactHmacKey: world.deps.config.CONTACT_HMAC_KEY }
  return inTransaction(world.deps, systemActor('test'), tx => checkOut(tx, checkout, call))
    .then(row => row.orderId)
    .catch(refusedOnly)
}

async function act(orderId: string, { isFitting, pick, flavour }: Step): Promise<void> {
  const { status } = await getJastipOrder(world.db, orderId)
  const names = isFitting ? FITTING[status] : NAMES
  const move = jastipMoves[names[pick % names.length]!]
  await inTransaction(world.deps, systemActor('test'), tx => move(tx, { orderId, sellerId: seller.id, flavour })).catch(
    refusedOnly,
  )
}

/** Stock + held + committed per item; one statement sees one moment. */
async function ledger(items: string[]): Promise<number[]> {
  const { rows } = await world.database.pool.query(
    `select stock + coalesce((select sum(quantity) from stock_reservations
                              where item_id = id and state in ('held', 'committed')), 0) as total
     from stock_items join unnest($1::uuid[]) with ordinality as wanted (id, n) using (id) order by n`,
    [items],
  )
  return rows.map(row => Number(row.total))
}

type Told = { id: string; status: string; version: number; closed: boolean; events: [number, string, string][] }

async function readOrders(ids: string[]): Promise<Told[]> {
  const { rows } = await world.database.pool.query<Told>(
    `select id, status, version, closed_at is not null as closed,
            (select json_agg(json_build_array(version, transition, status) order by version)
             from order_events where order_id = id) as events
     from orders where id = any($1)`,
    [ids],
  )
  return rows
}

/** Follows the events through the state table; whatever is not in it fails. Returns the transitions that happened. */
function replay({ status, version, closed, events }: Told): string[] {
  expect(events.map(event => event[0])).toEqual(Array.from({ length: version }, (_, n) => n + 1))
  expect(events[0]).toEqual([1, 'create', 'pending_dp'])
  let at = 'pending_dp'
  let hasEnded = false
  for (const [, name, led] of events.slice(1)) {
    const rule: { from: readonly string[]; to: string; closes?: true } | undefined =
      jastip.transitions[name as keyof typeof jastip.transitions]
    expect({ name, hasEnded, from: rule?.from }).toEqual({
      name,
      hasEnded: false,
      from: expect.arrayContaining([at]),
    })
    at = rule?.to === 'same' ? at : String(rule?.to)
    expect(led).toBe(at)
    hasEnded = rule?.closes === true || jastip.statuses[at as JastipStatus].closes === true
  }
  expect([status, closed]).toEqual([at, hasEnded])
  expect(STATUSES).toContain(status)
  return events.slice(1).map(event => event[1])
}

/** Reservations fit the status once nothing is left to do; money of an ended order is owed back exactly once. */
async function expectSettled(ids: string[]): Promise<void> {
  const wanted = `case when o.status in ('paid', 'shipped', 'completed') then 'committed'
                       when o.status in ('cancelled', 'rejected', 'refunded') then 'released' else 'held' end`
  const { rows: stray } = await world.database.pool.query(
    `select o.status, r.state from orders o join stock_reservations r on r.order_id = o.id
     where o.id = any($1) and r.state <> ${wanted}`,
    [ids],
  )
  const { rows: kept } = await world.database.pool.query(
    `select o.status, p.status as payment from orders o join jastip_payments p on p.order_id = o.id
     where o.id = any($1) and o.status in ('cancelled', 'rejected', 'refunded') and p.status in ('claimed', 'succeeded')
       and (select count(*) from jastip_refunds f where f.order_id = o.id and f.payment_id = p.id) <> 1`,
    [ids],
  )
  expect({ stray, kept }).toEqual({ stray: [], kept: [] })
}

test('whatever people, the gateway and timers do at once: orders stay in their state table, stock and money add up', async () => {
  const happened = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.noBias(run), async ({ orders, clients, ...trip }) => {
      const shop = await openShop(trip)
      const placed = await Promise.all(orders.map(lines => order(shop, lines)))
      const ids = placed.filter(id => id !== undefined)
      fc.pre(ids.length > 0)
      await Promise.all(
        clients.map(async steps => {
          for (const one of steps) {
            await act(ids[one.order % ids.length]!, one)
            expect(await ledger(shop.items)).toEqual(STOCK)
            for (const told of await readOrders(ids)) replay(told)
          }
        }),
      )
      await world.drain([releaseStock.kind])
      expect(await ledger(shop.items)).toEqual(STOCK)
      for (const told of await readOrders(ids)) for (const name of replay(told)) happened.add(name)
      await expectSettled(ids)
    }),
    { numRuns: 35, endOnFailure: true },
  )
  // 14 of 17 can happen: no command ships. Too few would prove little.
  expect(happened.size).toBeGreaterThanOrEqual(9)
})
