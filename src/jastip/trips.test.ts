import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { DEMO_PASSWORD, seedDemo } from './seed.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; token: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
})
afterAll(() => world.close())

const create = (body: object) => people.api('POST', '/api/trips', body, seller.token)
const change = (path: string, body: object) => people.api('PATCH', path, body, seller.token)

test('a trip gets a slug from its title, and another one when that is taken', async () => {
  const first = await create({ title: 'Ōsaka & Kyōto, spring!' })
  expect(first.status).toBe(201)
  expect(first.data).toMatchObject({ slug: 'osaka-kyoto-spring', dpPercentage: 20, isOpen: true, productCount: 0 })
  const second = await create({ title: 'Osaka & Kyoto, spring' })
  expect(second.data.slug).toMatch(/^osaka-kyoto-spring-[0-9a-f]{8}$/)
  const taken = await create({ title: 'Third', slug: 'osaka-kyoto-spring' })
  expect([taken.status, taken.body.code]).toEqual([409, 'slug_taken'])
  const moved = await change(`/api/trips/${second.data.id}`, { slug: 'osaka-kyoto-spring' })
  expect([moved.status, moved.body.code]).toEqual([409, 'slug_taken'])
})

test('trips are listed newest first, page by page, with their counts', async () => {
  const other = await people.user()
  const ids: string[] = []
  for (const title of ['One', 'Two', 'Three']) ids.unshift((await people.trip(other.token, { title })).id)
  await people.product(other.token, ids[0]!)
  const first = await people.api('GET', '/api/trips?limit=2', undefined, other.token)
  expect(first.data.map((trip: { id: string; productCount: number }) => [trip.id, trip.productCount])).toEqual([
    [ids[0], 1],
    [ids[1], 0],
  ])
  const cursor = encodeURIComponent(first.body.pagination.nextCursor)
  const rest = await people.api('GET', `/api/trips?limit=2&cursor=${cursor}`, undefined, other.token)
  expect(rest.data.map((trip: { id: string }) => trip.id)).toEqual([ids[2]])
  expect(rest.body.pagination.nextCursor).toBeNull()
})

test('buyers see an active trip and its active products, and nothing of its owner but the name', async () => {
  const trip = await people.trip(seller.token, { title: 'Seen by buyers', startDate: '2030-02-03' })
  const product = await people.product(seller.token, trip.id)
  await people.product(seller.token, trip.id, { title: 'Hidden', status: 'inactive' })
  const seen = await people.api('GET', `/api/trips/${trip.id}/public`)
  expect(seen.data).toMatchObject({
    title: 'Seen by buyers',
    startDate: '2030-02-03',
    jastiper: { name: expect.any(String) },
  })
  expect(JSON.stringify(seen.data)).not.toContain(seller.id)
  const products = await people.api('GET', `/api/trips/${trip.id}/products`)
  expect(products.data).toEqual([expect.objectContaining({ id: product.id, stock: 100, price: 100_000 })])
  await change(`/api/trips/${trip.id}`, { isActive: false })
  expect((await people.api('GET', `/api/trips/${trip.id}/public`)).status).toBe(404)
  expect((await people.api('GET', `/api/trips/${trip.id}/products`)).status).toBe(404)
})

test('stock changes by a delta, or when it is as the editor saw it', async () => {
  const trip = await people.trip(seller.token, { title: 'Stock' })
  const { id } = await people.product(seller.token, trip.id, { stock: 10 })
  const edit = async (body: object) => {
    const answer = await change(`/api/products/${id}`, body)
    return answer.status === 200 ? answer.data.stock : answer.body.code
  }
  expect(await edit({ stockDelta: 5 })).toBe(15)
  expect(await edit({ stockDelta: -16 })).toBe('stock_moved')
  expect(await edit({ stock: 3, stockSeen: 14 })).toBe('stock_moved')
  expect(await edit({ stock: 3, stockSeen: 15 })).toBe(3)
  expect(await edit({ stock: 4 })).toBe('validation_failed')
  const { orderId } = await people.buyer(trip.id, [{ productId: id, quantity: 2 }])
  expect(await edit({ isUnlimitedStock: true, stockSeen: 1 })).toBeNull()
  const holds = await world.db
    .selectFrom('stock_reservations')
    .select('state')
    .where('order_id', '=', orderId)
    .execute()
  expect(holds).toEqual([{ state: 'released' }])
})

test('markup type and value are judged together', async () => {
  const trip = await people.trip(seller.token, { title: 'Markup' })
  const { id } = await people.product(seller.token, trip.id, { markupType: 'flat', markupValue: 5_000 })
  const tooHigh = await change(`/api/products/${id}`, { markupType: 'percent' })
  expect([tooHigh.status, tooHigh.body.code]).toEqual([422, 'markup_too_high'])
  const both = await change(`/api/products/${id}`, { markupType: 'percent', markupValue: 7.25 })
  expect(both.data).toMatchObject({ markupType: 'percent', markupValue: 7.25 })
  expect((await change(`/api/products/${id}`, { price: 10.5 })).body.code).toBe('not_whole_rupiah')
})

test('a trip that nobody could pay cannot be active', async () => {
  const transfers = await jastipWorld({ gateway: false })
  try {
    const others = jastipPeople(transfers)
    const owner = await others.user()
    await transfers.db.deleteFrom('jastip_bank_accounts').execute()
    const post = (body: object) => others.api('POST', '/api/trips', body, owner.token)
    expect((await post({ title: 'Nobody pays' })).body.code).toBe('no_payment_target')
    const draft = await post({ title: 'Draft', isActive: false })
    expect(draft.status).toBe(201)
    const opened = await others.api('PATCH', `/api/trips/${draft.data.id}`, { isActive: true }, owner.token)
    expect(opened.body.code).toBe('no_payment_target')
  } finally {
    await transfers.close()
  }
})

test('demo deadlines are refused without demo data', async () => {
  const answer = await create({ title: 'Fast', demoDeadlines: { dpSeconds: 5 } })
  expect([answer.status, answer.body.code]).toEqual([422, 'demo_only'])
})

test('the demo data can be seeded twice, and its accounts log in', async () => {
  await seedDemo(world.deps)
  await seedDemo(world.deps)
  const counts = await Promise.all(
    (['users', 'jastip_trips', 'jastip_products', 'jastip_bank_accounts'] as const).map(
      async table => (await world.db.selectFrom(table).selectAll().execute()).length,
    ),
  )
  await seedDemo(world.deps)
  for (const [n, table] of (['users', 'jastip_trips', 'jastip_products', 'jastip_bank_accounts'] as const).entries()) {
    expect(await world.db.selectFrom(table).selectAll().execute()).toHaveLength(counts[n]!)
  }
  for (const who of ['jastiper', 'jastiper2', 'ops', 'admin']) {
    const login = await people.api('POST', '/api/auth/login', { email: `${who}@demo.antre`, password: DEMO_PASSWORD })
    expect([who, login.status]).toEqual([who, 200])
  }
})
