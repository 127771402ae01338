import { join } from 'node:path'
import { HOME, POSTGRES_DIR, startPostgres, startRedis } from '../embedded/index.ts'
import { checkDatabase } from './check-database.ts'
import { prepareLogFile } from './log-file.ts'
import type { Session } from './session.ts'
import type { Settings } from './settings.ts'
import { step } from './show.ts'

export type Store = {
  url: string
  /** For the banner. */
  description: string
  /** Of the embedded one. */
  pid?: number
}

/**
 * After our own death API and worker are told to stop at once; the database follows when they had time to drain
 * (seconds).
 */
const GUARD_SECONDS = 12

/** The database: the given one, checked, or the embedded one. `onDeath` is called when the embedded one dies. */
export async function openDatabase(settings: Settings, session: Session, onDeath: () => void): Promise<Store> {
  const { databaseUrl } = settings
  if (databaseUrl) {
    const version = await step('Postgres of DATABASE_URL', () => checkDatabase(databaseUrl))
    return { url: databaseUrl, description: `Postgres ${version} (DATABASE_URL)` }
  }
  const log = await prepareLogFile('postgres')
  const guard = { delaySeconds: GUARD_SECONDS }
  const postgres = await step('embedded Postgres', () =>
    startPostgres({ dataDir: POSTGRES_DIR, log, guard, onEnd: onDeath }),
  )
  await session.add({
    name: 'Postgres',
    stop: () => postgres.stop(),
    kill: () => void postgres.stop('immediate').catch(() => undefined),
  })
  return { url: postgres.url, description: 'embedded Postgres 18, data in .antre/postgres', pid: postgres.pid }
}

/** Redis: the given one, or a server found on PATH, or none. */
export async function openRedis(settings: Settings, session: Session): Promise<Store | undefined> {
  if (settings.redisUrl) return { url: settings.redisUrl, description: 'Redis (REDIS_URL)' }
  const redis = await startRedis({ dir: join(HOME, 'redis'), guard: { delaySeconds: GUARD_SECONDS } })
  if (!redis) return undefined
  await session.add({ name: 'Redis', stop: () => redis.stop(), kill: () => process.kill(redis.pid, 'SIGKILL') })
  return { url: redis.url, description: 'own Redis, from the server on PATH', pid: redis.pid }
}
