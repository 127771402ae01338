import type { IdentityDeps } from '../identity/index.ts'
import { type Config, readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import type { TestDatabase } from './database.ts'
import { testSecrets } from './secrets.ts'

/** Test secrets; limits are high unless a test is about limits. */
export function testConfig(url: string, more: Partial<Config> = {}): Config {
  return {
    ...readConfig({ ...testSecrets, DATABASE_URL: url, NODE_ENV: 'test' }),
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
