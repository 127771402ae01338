import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../embedded/index.ts'
import { migrateAll } from '../migrate.ts'
import { createDb, createPool } from '../platform/db.ts'
import { createLog } from '../platform/log.ts'
import { crashRun } from '../testing/crash-run.ts'

test('kill -9 of a worker 50 times while 20,000 jobs run, with Postgres crashed in the middle: nothing lost, nothing twice', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'antre-crash-'))
  await chmod(dir, 0o711)
  const server = await startPostgres({ dataDir: join(dir, 'postgres'), guard: { delaySeconds: 0, removeDir: dir } })
  const log = createLog('silent', 'test')
  await migrateAll({ databaseUrl: server.url, log })
  const pool = createPool({ url: server.url, max: 10, name: 'crash-test', log })
  const database = { url: server.url, pool, db: createDb(pool), close: async () => undefined }
  try {
    const report = await crashRun(database, { jobs: 10_000, kills: 50, disturb: () => server.restart('immediate') })
    process.stdout.write(`crash at full size: ${JSON.stringify(report)}\n`)
    expect(report).toMatchObject({ lost: 0, twice: 0, dead: 0, kills: 50 })
    expect(report.takenBack).toBeGreaterThan(0)
  } finally {
    await database.db.destroy()
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
}, 600_000)
