import { readdir } from 'node:fs/promises'
import { jastipPeople, PNG } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'
import { getJastipOrder } from './queries/orders.ts'

const LARGEST = 5_242_880

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

/** Files under their keys, without what is being written. */
async function storedFiles(): Promise<string[]> {
  const entries = await readdir(world.filesDir, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => entry.name)
}

const fetchProof = (id: string, token?: string) =>
  fetch(`${world.url}/api/uploads/${id}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })

test('jastip 22: the content decides: an .exe named proof.png is refused and nothing stored, a PNG named .txt is a PNG', async () => {
  const { orderId, pass } = await newOrder()
  const before = await storedFiles()
  const exe = Buffer.concat([Buffer.from('MZ\x90\x00\x03\x00\x00\x00', 'latin1'), Buffer.alloc(5_000)])
  const refused = await people.upload(orderId, pass, exe, 'proof.png', 'image/png')
  expect([refused.status, refused.body.code]).toEqual([422, 'file_type_not_allowed'])
  expect(await storedFiles()).toEqual(before)
  expect((await getJastipOrder(world.db, orderId)).status).toBe('pending_dp')

  const taken = await people.upload(orderId, pass, PNG, 'notes.txt', 'text/plain')
  expect(taken.status).toBe(201)
  expect(taken.data.order.proofs).toEqual([expect.objectContaining({ contentType: 'image/png', bytes: PNG.length })])
  expect(await storedFiles()).toHaveLength(before.length + 1)
})

test('jastip 22: 5,242,880 bytes are taken, one more is 413', async () => {
  const { orderId, pass } = await newOrder()
  const before = (await storedFiles()).length
  const large = await people.upload(orderId, pass, Buffer.concat([PNG, Buffer.alloc(LARGEST + 1 - PNG.length)]))
  expect(large.status).toBe(413)
  expect(await storedFiles()).toHaveLength(before)
  const fits = await people.upload(orderId, pass, Buffer.concat([PNG, Buffer.alloc(LARGEST - PNG.length)]))
  expect(fits.status).toBe(201)
})

test('jastip 22: a failed transaction leaves no file', async () => {
  const { orderId, pass } = await newOrder()
  const before = (await storedFiles()).length
  await world.database.pool.query(`
    create function refuse_claim() returns trigger language plpgsql as $$ begin raise exception 'no claim'; end $$;
    create trigger refuse_claim before insert on jastip_payments for each row execute function refuse_claim();
  `)
  try {
    expect((await people.upload(orderId, pass)).status).toBe(500)
  } finally {
    await world.database.pool.query('drop trigger refuse_claim on jastip_payments')
  }
  expect(await storedFiles()).toHaveLength(before)
  expect((await getJastipOrder(world.db, orderId)).status).toBe('pending_dp')
  expect((await people.upload(orderId, pass)).status).toBe(201)
})

test('jastip 23, N9: a proof is for its owner, its pass and admins; 404 for others, 401 without a login', async () => {
  const { orderId, pass } = await newOrder()
  const { data } = await people.upload(orderId, pass)
  const [other, admin, ops] = [await people.user(), await people.user('admin'), await people.user('ops')]
  const stranger = await newOrder()
  for (const token of [pass, seller.token, admin.token]) {
    const answer = await fetchProof(data.proofId, token)
    expect(answer.status).toBe(200)
    expect(Buffer.from(await answer.arrayBuffer()).equals(PNG)).toBe(true)
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
  for (const token of [other.token, stranger.pass]) expect((await fetchProof(data.proofId, token)).status).toBe(404)
  expect((await fetchProof(data.proofId)).status).toBe(401)
  expect((await fetchProof(data.proofId, ops.token)).status).toBe(403)
})

test('a PDF is sent as an attachment', async () => {
  const { orderId, pass } = await newOrder()
  const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF')
  const { data } = await people.upload(orderId, pass, pdf, 'proof.pdf', 'application/pdf')
  const answer = await fetchProof(data.proofId, seller.token)
  expect(answer.headers.get('content-type')).toBe('application/pdf')
  expect(answer.headers.get('content-disposition')).toBe('attachment')
})

test('jastip 18: a refused final proof asks again by a new link; the old proof stays, earlier links are void', async () => {
  const { orderId, pass, phone } = await newOrder()
  await people.upload(orderId, pass)
  await people.accept(seller.token, orderId)
  await world.drain()
  const acceptedLink = await people.linkToken(phone)
  const final = await people.upload(orderId, await people.passFor(acceptedLink, phone))
  expect(final.data.kind).toBe('final')
  const body = { action: 'reject', rejectionReason: 'the picture is unreadable' }
  const rejected = await people.judgeFinal(seller.token, orderId, body)
  expect(rejected.data.status).toBe('awaiting_final_payment')
  await world.drain()

  const newLink = await people.linkToken(phone)
  expect(newLink).not.toBe(acceptedLink)
  const validate = (token: string) => people.api('POST', '/api/upload/validate', { token })
  expect((await validate(acceptedLink)).status).toBe(401)
  expect((await validate(newLink)).status).toBe(200)
  const again = await people.upload(orderId, await people.passFor(newLink, phone))
  expect(again.data.order.status).toBe('awaiting_final_validation')
  expect(again.data.order.proofs).toHaveLength(3)
  for (const proof of again.data.order.proofs) expect((await fetchProof(proof.id, seller.token)).status).toBe(200)
})
