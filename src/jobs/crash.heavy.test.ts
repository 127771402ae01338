import { crashRun } from '../testing/crash-run.ts'
import { ownServer } from '../testing/own-server.ts'

test('kill -9 of a worker 50 times while 20,000 jobs run, Postgres crashed in the middle: nothing lost, nothing twice', async () => {
  const server = await ownServer()
  try {
    const report = await crashRun(server, { jobs: 10_000, kills: 50, disturb: () => server.restart('immediate') })
    process.stdout.write(`crash at full size: ${JSON.stringify(report)}\n`)
    expect(report).toMatchObject({ lost: 0, twice: 0, dead: 0, kills: 50, gaveUp: 0 })
    expect(report.takenBack).toBeGreaterThan(0)
  } finally {
    await server.close()
  }
}, 600_000)
