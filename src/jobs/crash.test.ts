import { crashRun } from '../testing/crash-run.ts'
import { ownServer } from '../testing/own-server.ts'

// The full size (20,000 jobs, 50 kills) is `crash.heavy.test.ts`.
test('workers killed at random moments and a crashed Postgres lose nothing and do nothing twice', async () => {
  const server = await ownServer()
  try {
    const report = await crashRun(server, { jobs: 500, kills: 4, disturb: () => server.restart('immediate') })
    process.stdout.write(`crash: ${JSON.stringify(report)}\n`)
    expect(report).toMatchObject({ lost: 0, twice: 0, dead: 0, kills: 4, gaveUp: 0 })
    expect(report.takenBack).toBeGreaterThan(0)
  } finally {
    await server.close()
  }
}, 120_000)
