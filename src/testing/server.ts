import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '../embedded/index.ts'

/** The servers that one run of the test suite uses. */
export type TestServers = {
  /** May create databases. */
  postgresUrl: string
  redisUrl: string | undefined
  /** One line for people: which Postgres and Redis these are. */
  description: string
  stop(): Promise<void>
}

/**
 * Starts a Postgres for the run (or takes the one of TEST_POSTGRES_URL) and, when a server is on PATH, a Redis.
 * They end and their folder disappears with `stop()`, and also when this process dies.
 */
export async function startTestServers(): Promise<TestServers> {
  const dir = await mkdtemp(join(tmpdir(), 'antre-test-'))
  // Run by root, Postgres works as another user, who has to pass here.
  await chmod(dir, 0o711)
  const given = process.env.TEST_POSTGRES_URL
  const postgres = given ? undefined : await startTestPostgres(dir)
  const redis = await startRedis({ dir: join(dir, 'redis'), guard: { delaySeconds: 0 } })
  const postgresUrl = postgres?.url ?? given ?? ''
  return {
    postgresUrl,
    redisUrl: redis?.url,
    description: await describeServers(postgresUrl, postgres, redis),
    stop: async () => {
      await redis?.stop()
      await postgres?.stop('immediate')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function startTestPostgres(dir: string): Promise<EmbeddedPostgres> {
  return startPostgres({
    dataDir: join(dir, 'postgres'),
    // Commits stay real (they wait for the log), only the disk does not have to keep it.
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'on', max_connections: '400' },
    guard: { delaySeconds: 0, removeDir: dir },
  })
}

async function describeServers(url: string, postgres: EmbeddedPostgres | undefined, redis: EmbeddedRedis | null) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query('show server_version')
  await client.end()
  const kind = postgres ? 'embedded' : 'from TEST_POSTGRES_URL'
  return `Postgres ${rows[0].server_version} (${kind}), ${redis ? `Redis at ${redis.url}` : 'no Redis: only the fallbacks run'}`
}
