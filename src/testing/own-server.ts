import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../embedded/index.ts'
import { migrateAll } from '../migrate.ts'
import { createDb, createPool } from '../platform/db.ts'
import { createLog } from '../platform/log.ts'
import type { TestDatabase } from './database.ts'

export type OwnServer = TestDatabase & {
  restart(mode: 'fast' | 'immediate'): Promise<void>
  /** Crashes the server and brings it back on the same port after so many seconds. */
  outage(seconds: number): Promise<void>
}

/** A migrated Postgres server of the test's own, with the product's settings (fsync on), for tests that crash it. */
export async function ownServer(): Promise<OwnServer> {
  const dir = await mkdtemp(join(tmpdir(), 'antre-own-'))
  await chmod(dir, 0o711)
  const start = (port?: number) =>
    startPostgres({
      dataDir: join(dir, 'postgres'),
      guard: { delaySeconds: 0, removeDir: dir },
      ...(port ? { port } : {}),
    })
  let server = await start()
  const log = createLog('silent', 'test')
  await migrateAll({ databaseUrl: server.url, log })
  const pool = createPool({ url: server.url, max: 10, name: 'antre-test', log })
  const db = createDb(pool)
  return {
    url: server.url,
    pool,
    db,
    restart: mode => server.restart(mode),
    outage: async seconds => {
      const { port } = server
      await server.stop('immediate')
      await sleep(seconds * 1000)
      server = await start(port)
    },
    close: async () => {
      await db.destroy()
      await server.stop('immediate')
      await rm(dir, { recursive: true, force: true })
    },
  }
}
