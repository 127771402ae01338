import { freePort, over, refusal } from '../embedded/index.ts'
import { type Config, readConfig } from '../platform/config.ts'
import type { StartOptions } from './options.ts'

/** What `npm start` is going to run. */
export type Settings = {
  port: number
  host: string
  /** Where a person opens the API. */
  publicUrl: string
  /** Where processes of this machine reach the API. */
  apiUrl: string
  databaseUrl: string | undefined
  redisUrl: string | undefined
  /** Demo data and simulators. */
  demo: boolean
}

const OLDEST_NODE = 24

/** Throws a refusal when the running Node cannot run Antre. `version` as in process.versions.node. */
export function checkNode(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return
  throw refusal(`Antre needs Node ${OLDEST_NODE} and this is ${version}: start it with npm, which brings the right one`)
}

/** Decides what to run. Throws a refusal for what does not go together and a ConfigError for a bad variable. */
export async function readSettings(given: NodeJS.ProcessEnv, options: StartOptions): Promise<Settings> {
  const config = checkVariables(given)
  const databaseUrl = given.DATABASE_URL || undefined
  const production = config.NODE_ENV === 'production'
  if (options.demo && production) throw refusal('--demo is refused with NODE_ENV=production')
  if (options.reset && databaseUrl) {
    throw refusal('--reset deletes the embedded database only: unset DATABASE_URL, or empty your database yourself')
  }
  const port = config.PORT || (await freePort())
  const host = given.HOST || '127.0.0.1'
  return {
    port,
    host,
    publicUrl: given.PUBLIC_URL || `http://localhost:${port}`,
    apiUrl: `http://${localAddress(host)}:${port}`,
    databaseUrl,
    redisUrl: config.REDIS_URL,
    // DEMO=0 gives the embedded database without demo data.
    demo: !production && (options.demo || (!databaseUrl && (!given.DEMO || config.DEMO))),
  }
}

/** Every variable that is set must be good; what `npm start` brings itself is filled in for this check. */
function checkVariables(given: NodeJS.ProcessEnv): Config {
  const secret = 'x'.repeat(32)
  const brought = {
    DATABASE_URL: 'postgres://127.0.0.1/antre',
    JWT_SECRET: secret,
    CONTACT_HMAC_KEY: secret,
    DATA_KEY: secret,
    PAYMENT_WEBHOOK_SECRET: secret,
    BOT_SECRET: secret,
    PANEL_SESSION_SECRET: secret,
    MONITORING_TOKEN: secret,
  }
  return readConfig(over(brought, given))
}

function localAddress(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
