import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { makeUser, PASSWORD } from '../testing/people.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const add = (given: Parameters<typeof makeUser>[1]) => makeUser(httpDeps(database), given)

test('keeps the password only as an argon2id hash', async () => {
  const { id } = await add({})
  const row = await database.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  expect(row.password_hash).toMatch(/^\$argon2id\$/)
  expect(JSON.stringify(row)).not.toContain(PASSWORD)
})

test('of ten accounts for one e-mail in any case one is made', async () => {
  const email = (n: number) => (n % 2 ? 'Same@Test.antre' : 'same@test.antre')
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => add({ email: email(n) })))
  expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ status: 409, code: 'email_taken' })
  }
})

test('a slug is unique, well formed and no route word', async () => {
  await add({ slug: 'sari' })
  await expect(add({ slug: 'sari' })).rejects.toMatchObject({ code: 'slug_taken' })
  for (const slug of ['ab', 'Sari', 'sa ri', 'trips', 'x'.repeat(31)]) {
    await expect(add({ slug })).rejects.toMatchObject({ status: 422, code: 'slug_invalid' })
  }
})

test('a jastiper without a slug gets one of the name, others none', async () => {
  expect((await add({ fullName: 'Déwi  Lestari!' })).slug).toMatch(/^dewi-lestari-[0-9a-f]{4}$/)
  expect((await add({ fullName: '北京' })).slug).toMatch(/^jastiper-[0-9a-f]{4}$/)
  expect((await add({ role: 'ops' })).slug).toBeNull()
})
