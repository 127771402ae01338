import type { IdentityDeps } from '../identity/index.ts'
import { type Config, readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import type { TestDatabase } from './database.ts'

/** Test secrets; limits are high unless a test is about limits. */
export function testConfig(url: string, more: Partial<Config> = {}): Config {
  const secrets = [
    'JWT_SECRET',
    'CONTACT_HMAC_KEY',
    'DATA_KEY',
    'PAYMENT_WEBHOOK_SECRET',
    'BOT_SECRET',
    'PANEL_SESSION_SECRET',
  ]
  const env = Object.fromEntries(secrets.map(name => [name, `test-${name.toLowerCase()}-0123456789`]))
  return {
    ...readConfig({ ...env, MONITORING_TOKEN: 'test-monitoring-token', DATABASE_URL: url, NODE_ENV: 'test' }),
    RATE_LIMIT_FACTOR: 1_000,
    ...more,
  }
}

/** What the HTTP side and identity need, for tests without jobs: a job that is enqueued here is lost. */
export function httpDeps(database: TestDatabase, config: Partial<Config> = {}): IdentityDeps {
  return {
    db: database.db,
    config: testConfig(database.url, config),
    log: createLog('silent', 'test'),
    jobs: { insert: async () => undefined, wake: () => undefined },
    reactions: [],
  }
}
