import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../embedded/index.ts'
import { migrateAll } from '../migrate.ts'
import { createDb, createPool } from '../platform/db.ts'
import { createLog } from '../platform/log.ts'
import type { TestDatabase } from './database.ts'

/** A migrated Postgres server of the test's own, with the product's settings (fsync on), for tests that crash it. */
export async function ownServer(): Promise<TestDatabase & { restart(mode: 'fast' | 'immediate'): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'antre-own-'))
  await chmod(dir, 0o711)
  const server = await startPostgres({ dataDir: join(dir, 'postgres'), guard: { delaySeconds: 0, removeDir: dir } })
  const log = createLog('silent', 'test')
  await migrateAll({ databaseUrl: server.url, log })
  const pool = createPool({ url: server.url, max: 10, name: 'antre-test', log })
  const db = createDb(pool)
  return {
    url: server.url,
    pool,
    db,
    restart: mode => server.restart(mode),
    close: async () => {
      await db.destroy()
      await server.stop('immediate')
      await rm(dir, { recursive: true, force: true })
    },
  }
}
