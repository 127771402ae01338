import { sql } from 'kysely'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'

const WEEK = 7 * 86_400

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; email: string; token: string }
let tripId: string
let productId: string

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
  tripId = (await people.trip(seller.token)).id
  productId = (await people.product(seller.token, tripId)).id
})
afterAll(() => world.close())

const newOrder = () => people.buyer(tripId, [{ productId, quantity: 1 }])

test('jastip 21, N11: an upload before the challenge is 403, a second upload 401', async () => {
  const { orderId, pass, uploadToken } = await newOrder()
  const bare = await people.upload(orderId, uploadToken)
  expect([bare.status, bare.body.code]).toEqual([403, 'challenge_required'])
  expect((await people.upload(orderId, pass)).status).toBe(201)
  const second = await people.upload(orderId, pass)
  expect([second.status, second.body.code]).toEqual([401, 'token_used'])
  const seen = await people.api('GET', `/api/checkout/order/${orderId}`, undefined, pass)
  expect([seen.status, seen.data.status]).toEqual([200, 'awaiting_validation'])
  expect(seen.data.buyer).toEqual({ name: 'Ani' })
})

test('jastip 21: two uploads at once with one pass are one proof', async () => {
  const { orderId, pass } = await newOrder()
  const answers = await Promise.all([people.upload(orderId, pass), people.upload(orderId, pass)])
  expect(answers.filter(answer => answer.status === 201)).toHaveLength(1)
  const proofs = await world.db.selectFrom('jastip_order_proofs').select('id').where('order_id', '=', orderId).execute()
  expect(proofs).toHaveLength(1)
})

test('jastip 21: five wrong answers at once count five and revoke the link', async () => {
  const { uploadToken, phone } = await newOrder()
  const wrong = phone.endsWith('0000') ? '1111' : '0000'
  const guess = (challengeResponse: string) =>
    people.api('POST', '/api/upload/verify', { token: uploadToken, challengeResponse })
  const answers = await Promise.all(Array.from({ length: 5 }, () => guess(wrong)))
  expect(answers.map(answer => answer.body.attemptsLeft).sort()).toEqual([0, 1, 2, 3, 4])
  const right = await guess(phone.slice(-4))
  expect([right.status, right.body.code]).toEqual([401, 'token_revoked'])
})

test('jastip 21: the database holds no token in clear anywhere', async () => {
  const { orderId, pass, phone, uploadToken } = await newOrder()
  await people.upload(orderId, pass)
  await people.accept(seller.token, orderId)
  await world.drain()
  const tokens = [uploadToken, await people.linkToken(phone)]
  expect(tokens[1]).toMatch(/^[\w-]{43}$/)
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
  `.execute(world.db)
  expect(rows.length).toBeGreaterThan(20)
  for (const { name } of rows) {
    for (const token of tokens) {
      const found = await sql`
        select 1 from ${sql.raw(name)} t where strpos(t::text, ${token}) > 0 limit 1
      `.execute(world.db)
      expect([name, found.rows.length]).toEqual([name, 0])
    }
  }
})

test('jastip 21: a link of seven days and one second is expired', async () => {
  const { uploadToken } = await newOrder()
  await world.clock.advance(WEEK + 1)
  const answer = await people.api('POST', '/api/upload/validate', { token: uploadToken })
  expect([answer.status, answer.body.code]).toEqual([401, 'token_expired'])
})

test('a cancellation uses the link up, tells both and gives the stock back', async () => {
  const { orderId, pass } = await newOrder()
  const cancelled = await people.api('POST', `/api/orders/${orderId}/cancel`, { reason: 'changed my mind' }, pass)
  expect(cancelled.data).toMatchObject({ status: 'cancelled' })
  expect(cancelled.data.events.at(-1)).toMatchObject({ reason: 'changed my mind', actorKind: 'guest' })
  const again = await people.api('POST', `/api/orders/${orderId}/cancel`, {}, pass)
  expect([again.status, again.body.code]).toEqual([401, 'token_used'])
  await world.drain()
  const told = await world.db
    .selectFrom('notifications')
    .select('recipient_type')
    .where('order_id', '=', orderId)
    .where('event', '=', 'cancelled')
    .orderBy('recipient_type')
    .execute()
  expect(told.map(row => row.recipient_type)).toEqual(['guest', 'user'])
  const states = await world.db
    .selectFrom('stock_reservations')
    .select('state')
    .where('order_id', '=', orderId)
    .execute()
  expect(states).toEqual([{ state: 'released' }])
})
