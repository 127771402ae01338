import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { runCli } from '../testing/run-cli.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const antre = (args: string[], env: NodeJS.ProcessEnv = {}) => runCli(database.url, ['user', ...args], env)
const ani = ['add', '--email', 'ani@example.org', '--name', 'Ani Lestari', '--role', 'ops']

test('adds an account with a password that is shown once, lists it, and refuses the same e-mail again', async () => {
  expect((await antre(['list'])).out).toBe('No accounts yet: antre user add --help.\n')
  expect((await antre(ani)).out).toMatch(/^ani@example\.org is ops\.\nPassword, shown only now: \S{16}\n$/)
  expect((await antre(['list'])).out).toMatch(/ani@example\.org +ops +active +Ani Lestari/)
  expect(await antre(ani)).toEqual({ code: 1, out: '', err: 'There is an account with this e-mail\n' })
})

test('takes the password from the environment and does not repeat it', async () => {
  const budi = ['add', '--email', 'budi@example.org', '--name', 'Budi', '--role', 'jastiper', '--slug', 'budi-beli']
  const added = await antre(budi, { ANTRE_PASSWORD: 'correct-horse-battery' })
  expect(added).toEqual({ code: 0, out: 'budi@example.org is jastiper, public name budi-beli.\n', err: '' })
})

test.each([
  [{ '--role': 'king' }, {}, /^--role: needs one of jastiper, ops, /],
  [{ '--email': 'nobody' }, {}, /^--email: needs an e-mail address/],
  [{}, { ANTRE_PASSWORD: 'short' }, /^ANTRE_PASSWORD needs at least 8 characters/],
])('refuses %j %j in one sentence', async (change, env, sentence) => {
  const options = { '--email': 'x@example.org', '--name': 'X', '--role': 'ops', ...change }
  const { code, err } = await antre(['add', ...Object.entries(options).flat()], env)
  expect(code).toBe(1)
  expect(err).toMatch(sentence)
})
