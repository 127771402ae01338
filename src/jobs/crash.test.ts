import { crashRun } from '../testing/crash-run.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

// The full size (20,000 jobs, 50 kills, Postgres crashed in the middle) is `crash.heavy.test.ts`.
test('workers killed at random moments lose nothing and do nothing twice', async () => {
  const report = await crashRun(database, { jobs: 600, kills: 4 })
  process.stdout.write(`crash: ${JSON.stringify(report)}\n`)
  expect(report).toMatchObject({ lost: 0, twice: 0, dead: 0, kills: 4 })
  expect(report.takenBack).toBeGreaterThan(0)
}, 120_000)
