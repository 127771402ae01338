import { sendWhatsapp } from '../notify/index.ts'
import { newId } from '../platform/ids.ts'
import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { jastipRoutes } from './routes.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let j1: { id: string; token: string }
let j2: { id: string; token: string }
let tripId: string
let productId: string
let order: { orderId: string; pass: string; uploadToken: string }
let stranger: { orderId: string; pass: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  j1 = await people.user()
  j2 = await people.user()
  tripId = (await people.trip(j1.token)).id
  productId = (await people.product(j1.token, tripId)).id
  order = await people.buyer(tripId, [{ productId, quantity: 1 }])
  stranger = await people.buyer(tripId, [{ productId, quantity: 1 }])
})
afterAll(() => world.close())

const statusOf = async (method: string, path: string, body?: unknown, token?: string) =>
  (await people.api(method, path, body, token)).status

/** All rows that a refused call must not touch. */
async function snapshot(): Promise<unknown> {
  const all = (table: 'orders' | 'jastip_orders' | 'jastip_trips' | 'jastip_products' | 'stock_items') =>
    world.db.selectFrom(table).selectAll().execute()
  return await Promise.all([
    all('orders'),
    all('jastip_orders'),
    all('jastip_trips'),
    all('jastip_products'),
    all('stock_items'),
  ])
}

test('N2, N5: another jastiper finds neither the order nor anything to do with it', async () => {
  const before = await snapshot()
  const path = `/api/orders/${order.orderId}`
  expect(await statusOf('GET', path, undefined, j2.token)).toBe(404)
  expect(await statusOf('GET', `${path}/breakdown`, undefined, j2.token)).toBe(404)
  expect(await statusOf('GET', `${path}/refunds`, undefined, j2.token)).toBe(404)
  expect(await statusOf('POST', `${path}/validate`, { action: 'accept', shippingFee: 0 }, j2.token)).toBe(404)
  const reject = { action: 'reject', rejectionReason: 'ten characters' }
  expect(await statusOf('POST', `${path}/validate`, reject, j2.token)).toBe(404)
  expect(await statusOf('POST', `${path}/approve-final`, { action: 'accept' }, j2.token)).toBe(404)
  expect(await statusOf('POST', `${path}/refund/confirm`, { reference: 'x' }, j2.token)).toBe(404)
  expect((await people.api('GET', '/api/orders?flow=jastip', undefined, j2.token)).data).toEqual([])
  expect((await people.api('GET', '/api/orders?flow=jastip', undefined, j1.token)).data).toHaveLength(2)
  expect(await snapshot()).toEqual(before)
})

test('N1, N3: another jastiper finds neither the trip nor its products, and adds none to it', async () => {
  const before = await snapshot()
  expect(await statusOf('GET', `/api/trips/${tripId}`, undefined, j2.token)).toBe(404)
  expect(await statusOf('PATCH', `/api/trips/${tripId}`, { title: 'Mine now' }, j2.token)).toBe(404)
  expect(await statusOf('PATCH', `/api/products/${productId}`, { price: 1 }, j2.token)).toBe(404)
  expect(await statusOf('PATCH', `/api/products/${productId}`, { stockDelta: 5 }, j2.token)).toBe(404)
  const product = { tripId, title: 'Smuggled', price: 1, stock: 1 }
  expect(await statusOf('POST', '/api/products', product, j2.token)).toBe(404)
  expect((await people.api('GET', `/api/products?tripId=${tripId}`, undefined, j2.token)).data).toEqual([])
  expect(await snapshot()).toEqual(before)
})

test('N8: a product cannot be given to another trip, id or owner', async () => {
  const before = await snapshot()
  for (const change of [{ tripId }, { id: newId() }, { jastiperId: j2.id }, { stockItemId: newId() }]) {
    const answer = await people.api('PATCH', `/api/products/${productId}`, change, j1.token)
    expect([answer.status, answer.body.code]).toEqual([422, 'validation_failed'])
    expect(answer.body.errors).toEqual([expect.objectContaining({ path: Object.keys(change)[0] })])
  }
  expect(await snapshot()).toEqual(before)
})

test('N9: an order needs a login or its own pass', async () => {
  const reads = ['', '/breakdown', '/refunds'].map(verb => `/api/orders/${order.orderId}${verb}`)
  for (const path of [...reads, `/api/checkout/order/${order.orderId}`]) {
    expect(await statusOf('GET', path)).toBe(401)
    expect(await statusOf('GET', path, undefined, stranger.pass)).toBe(404)
  }
  expect(await statusOf('POST', `/api/orders/${order.orderId}/cancel`, {}, stranger.pass)).toBe(404)
  expect(await statusOf('POST', `/api/orders/${order.orderId}/payments`, { kind: 'dp' }, stranger.pass)).toBe(404)
  expect((await people.upload(order.orderId, stranger.pass)).status).toBe(404)
  expect(await statusOf('GET', `/api/orders/${order.orderId}`, undefined, order.pass)).toBe(200)
})

test('N12: an older link after a newer one is revoked', async () => {
  const { orderId, phone, uploadToken } = await people.buyer(tripId, [{ productId, quantity: 1 }])
  await world.drain()
  const sent = await people.linkToken(phone)
  const validate = async (token: string) => (await people.api('POST', '/api/upload/validate', { token })).body.code
  expect(await validate(uploadToken)).toBeUndefined()
  expect(await validate(sent)).toBeUndefined()
  await world.db.updateTable('notifications').set({ status: 'queued' }).where('order_id', '=', orderId).execute()
  const [message] = await world.db.selectFrom('notifications').select('id').where('order_id', '=', orderId).execute()
  await world.db
    .transaction()
    .execute(db => world.deps.jobs.insert(db, sendWhatsapp, [{ notificationId: message!.id }], { now: new Date(0) }))
  await world.drain()
  expect(await people.linkToken(phone)).not.toBe(sent)
  expect(await validate(sent)).toBe('token_revoked')
})

test('N10, N13–N15, N19: no route looks people up, logs in without a password, runs timers or deletes an order', () => {
  const routes = jastipRoutes.map(({ method, path }) => `${method} ${path}`)
  expect(routes.filter(one => one.startsWith('delete'))).toEqual([])
  expect(routes.filter(one => /participant|phone|clean|cron|expire|auto-refund|sweep|debug/.test(one))).toEqual([])
  const open = jastipRoutes.filter(one => one.who.includes('public')).map(({ method, path }) => `${method} ${path}`)
  expect(open.sort()).toEqual([
    'get /api/trips/:id/products',
    'get /api/trips/:id/public',
    'post /api/checkout/dp',
    'post /api/orders',
  ])
})

test('ops may not act on orders, an admin only reads them', async () => {
  const [ops, admin] = [await people.user('ops'), await people.user('admin')]
  const path = `/api/orders/${order.orderId}`
  expect(await statusOf('GET', path, undefined, ops.token)).toBe(403)
  expect(await statusOf('GET', path, undefined, admin.token)).toBe(200)
  for (const { token } of [ops, admin]) {
    expect(await statusOf('POST', `${path}/validate`, { action: 'accept', shippingFee: 0 }, token)).toBe(403)
    expect(await statusOf('POST', `${path}/cancel`, {}, token)).toBe(403)
    expect(await statusOf('POST', '/api/trips', { title: 'Not mine' }, token)).toBe(403)
  }
})

test('bad input is a documented 4xx, and changes nothing', async () => {
  const before = await snapshot()
  const sql = "'; drop table orders; --"
  const calls: [string, string, unknown, string | undefined, number][] = [
    ['GET', `/api/trips/${sql}`, undefined, j1.token, 422],
    ['GET', '/api/trips/1/public', undefined, undefined, 422],
    ['GET', `/api/trips/${tripId}/products?ids=${encodeURIComponent(sql)}`, undefined, undefined, 422],
    ['GET', '/api/trips?cursor=nonsense', undefined, j1.token, 422],
    ['GET', '/api/products?limit=1000', undefined, j1.token, 422],
    ['GET', `/api/orders/${newId()}`, undefined, j1.token, 404],
    ['GET', `/api/uploads/${newId()}`, undefined, j1.token, 404],
    ['POST', '/api/trips', { title: sql, slug: sql }, j1.token, 422],
    ['POST', '/api/trips', { title: 'a\u0000b' }, j1.token, 422],
    ['POST', '/api/products', { tripId, title: 'x', price: 1e20, stock: 1 }, j1.token, 422],
    ['POST', '/api/products', { tripId, title: 'x', price: 0.5, stock: 1 }, j1.token, 422],
    ['POST', '/api/products', { tripId, title: 'x', price: 10.5, stock: 1 }, j1.token, 422],
    ['POST', '/api/products', { tripId, title: 'x', price: 10, stock: 1, markupValue: 101 }, j1.token, 422],
    ['POST', '/api/products', { tripId, title: 'x', price: 10 }, j1.token, 422],
    ['POST', '/api/checkout/dp', { tripId, items: [], participantName: sql, participantPhone: sql }, undefined, 422],
    ['POST', '/api/checkout/dp', [], undefined, 422],
    ['POST', `/api/orders/${order.orderId}/validate`, { action: 'accept', shippingFee: -1 }, j1.token, 422],
    ['POST', `/api/orders/${order.orderId}/validate`, { action: 'drop' }, j1.token, 422],
    ['POST', `/api/orders/${order.orderId}/validate`, { action: 'accept', shippingFee: 0 }, 'forged.token.here', 401],
    ['POST', `/api/orders/${order.orderId}/refund/confirm`, { reference: sql, notReceived: true }, j1.token, 422],
    ['POST', `/api/orders/${order.orderId}/refund/confirm`, { reference: sql }, j1.token, 409],
    ['GET', `/api/orders/${order.orderId}/breakdown`, undefined, j1.token, 409],
  ]
  for (const [method, path, body, token, status] of calls) {
    const answer = await people.api(method, path, body, token)
    expect([method, path, answer.status]).toEqual([method, path, status])
    expect(answer.body.code).toEqual(expect.any(String))
  }
  expect(await snapshot()).toEqual(before)
})
