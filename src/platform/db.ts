import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { DB } from './db-types.ts'
import type { Log } from './log.ts'
import type { Db } from './tx.ts'

const INT8 = 20

/** Counts come back as numbers; `numeric` stays text, so that no float ever touches money. */
pg.types.setTypeParser(INT8, Number)

/**
 * A pool of connections. An idle connection that breaks is logged and replaced; it never ends the process.
 * `max` bounds what one process takes of the server's connections.
 */
export function createPool(options: { url: string; max: number; name: string; log: Log }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    application_name: options.name,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  })
  pool.on('error', error => options.log.warn({ err: error }, 'an idle database connection broke'))
  // A connection that breaks between two statements of a transaction has no query that could fail: without a listener
  // the event would end the process. The next statement fails by itself.
  pool.on('connect', client => {
    client.on('error', error => options.log.debug({ err: error }, 'a database connection in use broke'))
  })
  return pool
}

export const createDb = (pool: pg.Pool): Db => new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
