import { jastipPeople } from '../testing/jastip-people.ts'
import { type JastipWorld, jastipWorld } from '../testing/jastip-world.ts'

let world: JastipWorld
let people: ReturnType<typeof jastipPeople>
let seller: { id: string; email: string; token: string }

beforeAll(async () => {
  world = await jastipWorld()
  people = jastipPeople(world)
  seller = await people.user()
  await world.db
    .updateTable('users')
    .set({ profile_name: 'Sari', whatsapp_number: '+6281299999999' })
    .where('id', '=', seller.id)
    .execute()
})
afterAll(() => world.close())

/** What WhatsApp brought to this phone, oldest first; links and moments replaced by their kind. */
async function textsTo(phone: string): Promise<string[]> {
  await world.drain()
  const answer = await fetch(`${world.whatsapp.url}/_sim/messages`)
  const { messages } = (await answer.json()) as { messages: { to: string; texts: string[] }[] }
  return messages
    .filter(message => phone.endsWith(message.to))
    .flatMap(message => message.texts)
    .map(text => text.replace(/http\S+#[\w-]{43}/, '<link>').replace(/\d{1,2} \w+ \d{4},? \d{2}[.:]\d{2}/, '<time>'))
}

async function exampleA(language: 'id' | 'en') {
  const trip = await people.trip(seller.token, { title: 'Tokyo' })
  const make = (product: object) => people.product(seller.token, trip.id, product)
  const bag = await make({ title: 'Bag', price: 185_500, markupType: 'percent', markupValue: 12.5 })
  const tea = await make({ title: 'Tea', price: 49_999, markupType: 'flat', markupValue: 5_000 })
  const lines = [
    { productId: bag.id, quantity: 2 },
    { productId: tea.id, quantity: 1 },
  ]
  const buyer = await people.buyer(trip.id, lines, { language })
  const { code } = await world.db
    .selectFrom('orders')
    .select('code')
    .where('id', '=', buyer.orderId)
    .executeTakeFirstOrThrow()
  return { ...buyer, code }
}

test('the buyer reads the way to an accepted order in Indonesian', async () => {
  const { orderId, phone, pass, code } = await exampleA('id')
  expect(await textsTo(phone)).toEqual([
    `Halo Ani, pesanan ${code} untuk trip Tokyo tercatat. Bayar DP Rp 84.200 sebelum <time>. <link>`,
  ])
  await people.upload(orderId, pass)
  expect((await textsTo(phone)).at(-1)).toBe(
    `DP Rp 84.200 pesanan ${code} masuk. Sari memeriksa harga dan stok sebelum <time>.`,
  )
  expect(await textsTo('+6281299999999')).toEqual([
    `DP ${code} dari Ani. Putuskan sebelum <time>, kalau tidak pesanan ditolak otomatis.`,
  ])
  await people.accept(seller.token, orderId, { shippingFee: 32_000, serviceFee: 10_000 })
  expect((await textsTo(phone)).at(-1)).toBe(
    `${code} diterima. Barang Rp 420.999, jasa Rp 51.375, ongkir Rp 32.000, layanan Rp 10.000, komisi Rp 23.619: ` +
      'total Rp 537.993. DP Rp 84.200, sisa Rp 453.793. <link>',
  )
})

test('and in English', async () => {
  const { orderId, phone, pass, code } = await exampleA('en')
  await people.upload(orderId, pass)
  await textsTo(phone)
  await people.accept(seller.token, orderId, { shippingFee: 32_000, serviceFee: 10_000 })
  expect((await textsTo(phone)).at(-1)).toBe(
    `${code} is accepted. Goods IDR 420,999, markup IDR 51,375, shipping IDR 32,000, service IDR 10,000, ` +
      'commission IDR 23,619: total IDR 537,993. Paid IDR 84,200, left IDR 453,793. <link>',
  )
  await people.upload(orderId, await people.passFor(await people.linkToken(phone), phone))
  await textsTo(phone)
  await people.judgeFinal(seller.token, orderId, { action: 'reject', rejectionReason: 'the picture is unreadable' })
  expect((await textsTo(phone)).slice(-2)).toEqual([
    `Final payment of IDR 453,793 for ${code} is in and will be checked.`,
    `The proof for ${code} could not be accepted: the picture is unreadable. Send it again: <link>`,
  ])
})

test('a message about an order that no longer waits for its buyer carries no link', async () => {
  const { orderId, phone, pass, code } = await exampleA('en')
  await people.upload(orderId, pass)
  expect((await textsTo(phone)).filter(text => text.includes(`order ${code}`))).toEqual([
    `Hi Ani, order ${code} on trip Tokyo is noted. Pay the down payment of IDR 84,200 before <time>.`,
  ])
})

test('a rejection says why and what becomes of the money', async () => {
  const paid = await exampleA('en')
  await people.upload(paid.orderId, paid.pass)
  await textsTo(paid.phone)
  await people.reject(seller.token, paid.orderId)
  expect((await textsTo(paid.phone)).at(-1)).toBe(
    `Sorry, ${paid.code} cannot be fulfilled: it is sold out now. The IDR 84,200 that you paid will be returned.`,
  )
  const unpaid = await exampleA('id')
  await people.upload(unpaid.orderId, unpaid.pass)
  await textsTo(unpaid.phone)
  await people.reject(seller.token, unpaid.orderId, { dpReceived: false })
  expect((await textsTo(unpaid.phone)).at(-1)).toBe(
    `Maaf, ${unpaid.code} tidak bisa dipenuhi: it is sold out now. Pembayaran tidak diterima.`,
  )
})

test('a timer gives its reason in the language of the buyer', async () => {
  const ignored = await exampleA('id')
  await people.upload(ignored.orderId, ignored.pass)
  const unpaid = await exampleA('en')
  await textsTo(ignored.phone)
  await world.clock.advance(86_401)
  await world.sweep()
  expect((await textsTo(ignored.phone)).at(-1)).toBe(
    `Maaf, ${ignored.code} tidak bisa dipenuhi: penjual tidak memutuskan tepat waktu. DP Rp 84.200 akan dikembalikan.`,
  )
  expect((await textsTo(unpaid.phone)).at(-1)).toBe(
    `${unpaid.code} was cancelled because the down payment did not arrive in time.`,
  )
  await people.api(
    'POST',
    `/api/orders/${ignored.orderId}/refund/confirm`,
    { reference: 'X' },
    await people.logIn(seller.email),
  )
  expect((await textsTo(ignored.phone)).at(-1)).toBe(`DP Rp 84.200 untuk ${ignored.code} sudah dikembalikan.`)
})
