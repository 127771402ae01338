import { HOME, openHome, POSTGRES_DIR } from './home.ts'
import { startPostgres } from './postgres.ts'
import { findRun } from './run-file.ts'
import { ensureSecrets, readSecrets } from './secrets.ts'

/** The environment of a command that works on the local installation, and what to call when the command is done. */
export type LocalEnv = { env: NodeJS.ProcessEnv; close(): Promise<void> }

/**
 * The environment of a command such as `npm run antre`: as given when it names a database; else that of the running
 * `npm start`; else the embedded Postgres, started for as long as the command needs it. Secrets that are not given
 * come from `.antre/secrets.json`. Throws a refusal when the embedded Postgres cannot run.
 */
export async function openLocalEnv(given: NodeJS.ProcessEnv = process.env): Promise<LocalEnv> {
  if (given.DATABASE_URL) return { env: over(await readSecrets(), given), close: async () => undefined }
  const secrets = await ensureSecrets()
  const run = await findRun()
  if (run?.databaseUrl) {
    const stores = { DATABASE_URL: run.databaseUrl, REDIS_URL: run.redisUrl }
    return { env: over({ ...secrets, ...stores }, given), close: async () => undefined }
  }
  await openHome(HOME)
  const postgres = await startPostgres({ dataDir: POSTGRES_DIR, guard: { delaySeconds: 1 } })
  return { env: over({ ...secrets, DATABASE_URL: postgres.url }, given), close: () => postgres.stop() }
}

/** Variables that are given and not empty win. */
export function over(defaults: NodeJS.ProcessEnv, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== '')
  return { ...defaults, ...Object.fromEntries(set) }
}
