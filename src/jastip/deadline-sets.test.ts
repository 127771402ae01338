import { sql } from 'kysely'
import { sweepDeadlines } from '../orders/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'
import { countStatements } from '../testing/count-statements.ts'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { expireDp } from './jobs.ts'
import { getJastipOrder } from './queries/orders.ts'

const MINUTE = 60
const DAY = 86_400

let world: JastipWorld

beforeEach(async () => {
  world = await jastipWorld()
})
afterEach(() => world.close())

async function newOrder(): Promise<string> {
  const people = jastipPeople(world)
  const seller = await people.user()
  const { id: tripId } = await people.trip(seller.token)
  const product = await people.product(seller.token, tripId)
  return (await people.buyer(tripId, [{ productId: product.id, quantity: 4 }])).orderId
}

test('jastip 7: 1,200 due orders are three jobs; one that fails leaves 1,199 cancelled and one dead letter', async () => {
  const orderId = await newOrder()
  const ids = [orderId, ...(await copyOrder(orderId, 1_199))]
  const bad = ids[700]!
  await world.database.pool.query(`
    create function refuse_bad() returns trigger language plpgsql as $$ begin raise exception 'this one fails'; end $$;
    create trigger refuse_bad before update on orders for each row
      when (new.id = '${bad}' and new.status = 'cancelled') execute function refuse_bad();
  `)
  await world.clock.advance(31 * MINUTE)
  await inTransaction(world.deps, systemActor('test'), tx => tx.enqueue(sweepDeadlines, [{}]))
  await world.drain([sweepDeadlines.kind])
  const { rows } = await sql<{ size: number }>`
    select jsonb_array_length(data->'orderIds') as size from pgboss.job where name = ${expireDp.kind} order by 1
  `.execute(world.db)
  expect(rows.map(row => row.size)).toEqual([200, 500, 500])

  for (const wait of [0, 5, 30, 300]) {
    await world.clock.advance(wait + 1)
    await world.drain([expireDp.kind])
  }
  const { rows: counts } = await sql<{ status: string; n: number }>`
    select status, count(*) as n from orders group by status order by status
  `.execute(world.db)
  expect(counts).toEqual([
    { status: 'cancelled', n: 1_199 },
    { status: 'pending_dp', n: 1 },
  ])
  const dead = await world.db.selectFrom('dead_letters').select(['kind', 'payload']).execute()
  expect(dead).toEqual([{ kind: expireDp.kind, payload: expect.objectContaining({ orderIds: [bad] }) }])
})

/** Orders like this one, without going through 1,199 checkouts. */
async function copyOrder(orderId: string, copies: number): Promise<string[]> {
  const ids = Array.from({ length: copies }, () => newId())
  await sql`
    insert into orders (id, code, flow, status, version, owner_id, customer_ref, currency, total, deadline_at, created_at, updated_at)
    select copy.id, null, o.flow, o.status, 1, o.owner_id, o.customer_ref, o.currency, o.total, o.deadline_at, o.created_at, o.updated_at
    from orders o, unnest(${ids}::uuid[]) as copy (id) where o.id = ${orderId}
  `.execute(world.db)
  await sql`
    insert into jastip_orders (order_id, trip_id, participant_id, guest_id, buyer_name, subtotal, dp_percent, dp_amount)
    select copy.id, trip_id, participant_id, guest_id, buyer_name, subtotal, dp_percent, dp_amount
    from jastip_orders, unnest(${ids}::uuid[]) as copy (id) where order_id = ${orderId}
  `.execute(world.db)
  return ids
}

test('jastip 7: a set job takes the same number of statements for 3 orders as for 300', async () => {
  const orderId = await newOrder()
  const small = await copyOrder(orderId, 3)
  const large = await copyOrder(orderId, 300)
  await world.clock.advance(31 * MINUTE)
  const dueAt = new Date(Date.now() + DAY * 1000).toISOString()
  const counts: number[] = []
  for (const orderIds of [small, large]) {
    await inTransaction(world.deps, systemActor('test'), tx => tx.enqueue(expireDp, [{ orderIds, dueAt }]))
    counts.push(await countStatements(() => world.drain([expireDp.kind])))
  }
  expect((await getJastipOrder(world.db, large[299]!)).status).toBe('cancelled')
  expect(counts[0]).toBeGreaterThan(5)
  expect(counts[1]).toBe(counts[0])
})
