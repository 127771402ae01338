import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { act, type JobWorld, jobWorld } from '../testing/jobs-in-every-state.ts'
import { runCli } from '../testing/run-cli.ts'

let database: TestDatabase
let world: JobWorld

beforeAll(async () => {
  database = await testDatabase()
  world = await jobWorld(database)
})
beforeEach(() => world.reset())
afterAll(async () => {
  await world.close()
  await database.close()
})

const antre = (...args: string[]) => runCli(database.url, ['dead-letters', ...args])

test('lists what is open, one line each, and says so when nothing is', async () => {
  expect(await antre('list')).toEqual({ code: 0, out: 'No dead letters that are open.\n', err: '' })
  await world.die([{ n: 1 }, { n: 2 }])
  const { code, out } = await antre('list', '--kind', act.kind, '--error', 'BROKEN')
  expect(code).toBe(0)
  const lines = out.trim().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^ID +KIND +STATE +ATTEMPTS +LAST FAILED +CLASS +ERROR$/)
  expect(lines[1]).toMatch(/test\.act +open +1 +20\S+Z +Permanent +the parcel is broken$/)
})

test('previews, redrives after the fix, and the job completes; a second time nothing matches', async () => {
  await world.die([{ n: 1 }, { n: 2 }])
  const preview = await antre('redrive', '--kind', act.kind, '--preview')
  expect(preview).toEqual({
    code: 0,
    out: 'test.act  Permanent  2 match\n2 open dead letters match; nothing was changed.\n',
    err: '',
  })
  const done = await antre('redrive', '--kind', act.kind, '--per-second', '1000')
  expect(done.out).toMatch(
    /^test\.act {2}Permanent {2}2 of 2 redriven\n2 of 2 open dead letters redriven; the last job starts at /,
  )
  await world.work()
  expect(await world.effects()).toEqual([1, 2])
  const [letter] = await world.rows<{ by: string }>('select redriven_by as by from dead_letters')
  expect(letter?.by).toMatch(/^system:cli \S+$/)
  const again = await antre('redrive', '--kind', act.kind)
  expect(again).toEqual({ code: 1, out: '', err: 'No open dead letter matches.\n' })
})

test('makes the same job as the function for DBAs', async () => {
  await world.die([{ n: 1 }, { n: 2 }])
  const [first, second] = await world.rows<{ id: string }>('select id from dead_letters')
  expect((await antre('redrive', '--id', first?.id ?? '')).code).toBe(0)
  await world.rows('select inspect.redrive($1)', [second?.id])
  const made = await world.rows<Record<string, unknown>>(`select * from pgboss.job where state = 'created'`)
  const settings = made.map(({ id, data, start_after, created_on, keep_until, ...rest }) => rest)
  expect(settings).toHaveLength(2)
  expect(settings[0]).toEqual(settings[1])
})

test.each([
  [['redrive'], 'say which dead letters: give at least one filter'],
  [['redrive', '--kind', 'k', '--per-second', 'many'], '--per-second: needs a number'],
  [['list', '--nope'], "error: unknown option '--nope'"],
])('%j is refused in one sentence', async (args, sentence) => {
  expect(await antre(...args)).toEqual({ code: 1, out: '', err: `${sentence}\n` })
})

test.each([
  ['postgres://127.0.0.1:1/antre', /^The Postgres at 127\.0\.0\.1:1 \(DATABASE_URL\) does not answer \(ECONNREFUSED\)/],
  ['nonsense', /^DATABASE_URL is not a URL\n$/],
])('a database that cannot be used (%s) is one sentence', async (url, sentence) => {
  const { code, err } = await runCli(url, ['dead-letters', 'list'])
  expect(code).toBe(1)
  expect(err).toMatch(sentence)
  expect(err.trim().split('\n')).toHaveLength(1)
})
