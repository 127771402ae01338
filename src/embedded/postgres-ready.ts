import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ServerProcess } from './postgres-process.ts'
import { refusal } from './refusal.ts'

const READY_LIMIT_SECONDS = 120

/** Waits until the server accepts the login; returns false when it ended before. Throws when it takes too long. */
export async function waitUntilReady(server: ServerProcess, url: string): Promise<boolean> {
  const end = performance.now() + READY_LIMIT_SECONDS * 1000
  while (!server.hasEnded()) {
    if (await canLogIn(url)) return true
    if (performance.now() > end) {
      await server.stop('immediate')
      throw refusal(`The embedded Postgres accepted no connection within ${READY_LIMIT_SECONDS} s`)
    }
    await sleep(20)
  }
  return false
}

async function canLogIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Creates the database when it is missing. `url` leads to any other database of the server. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}
