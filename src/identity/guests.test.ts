import { publicActor } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { findOrCreateGuest, type GuestContact, normalizePhone } from './index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const visit = (contact: GuestContact) => {
  const deps = httpDeps(database)
  return inTransaction(deps, publicActor, tx => findOrCreateGuest(tx, deps.config.CONTACT_HMAC_KEY, contact))
}
const read = (id: string) => database.db.selectFrom('guests').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

test('jastip 24: all spellings of one phone at once and two e-mails are one guest', async () => {
  const spellings = ['081234567890', '+62 812-3456-7890', '62812 3456 7890', '81234567890', '+620812 3456 7890']
  const visits = [...spellings, ...spellings].map((spelling, n) =>
    visit({ phone: normalizePhone(spelling), name: `Budi ${n}`, email: n % 2 ? 'a@test.antre' : 'b@test.antre' }),
  )
  const ids = new Set((await Promise.all(visits)).map(guest => guest.id))
  expect(ids.size).toBe(1)
})

test('an empty e-mail is filled, a given one and the name stay', async () => {
  const phone = '+6281100000001'
  const { id } = await visit({ phone, name: 'Budi' })
  expect((await read(id)).email).toBeNull()
  await visit({ phone, name: 'Stranger', email: 'budi@test.antre' })
  await visit({ phone, name: 'Stranger', email: 'stranger@test.antre', language: 'en' })
  await visit({ phone, name: 'Stranger', email: '' })
  expect(await read(id)).toMatchObject({ email: 'budi@test.antre', name: 'Budi', language: 'id', phone })
})

test('a guest is found by the keyed hash only', async () => {
  const { id } = await visit({ phone: '+6281100000002', name: 'Budi' })
  const guest = await read(id)
  expect(guest.contact_hash).toMatch(/^[0-9a-f]{64}$/)
  expect(guest.contact_hash).not.toContain('81100000002')
})
