import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { z } from 'zod'
import { HEARTBEAT_SECONDS } from '../../jobs/boss.ts'
import { findPendingMigrations } from '../../jobs/monitoring/read-ready.ts'
import { sqlState } from '../../platform/errors.ts'
import { handlers, schedules } from '../../registry.ts'
import { type Check, note, ok, wrong } from './finding.ts'

const UNDEFINED_TABLE = '42P01'
const NOT_MIGRATED = 'the database is not migrated: npm run migrate'

export const checkMigrations: Check = async ({ db }) => {
  try {
    const pending = await findPendingMigrations(db)
    if (pending.length === 0) return ok('migrations: all applied')
    return wrong(`migrations: ${pending.length} not applied (${pending.join(', ')}): npm run migrate`)
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return wrong(NOT_MIGRATED)
    throw error
  }
}

const bossPackage = z.object({ version: z.string(), pgboss: z.object({ schema: z.int() }) })

export const checkPgBoss: Check = async ({ db }) => {
  const file = new URL('../package.json', import.meta.resolve('pg-boss'))
  const { version, pgboss } = bossPackage.parse(JSON.parse(await readFile(file, 'utf8')))
  try {
    const { rows } = await sql<{ version: number }>`select version from pgboss.version`.execute(db)
    const found = rows[0]?.version
    if (found === pgboss.schema) return ok(`pg-boss ${version}: schema version ${found}`)
    return wrong(
      `pg-boss ${version} needs schema version ${pgboss.schema} and the database has ${found}: npm run migrate`,
    )
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return wrong(`pg-boss is not installed: npm run migrate`)
    throw error
  }
}

type Queue = {
  name: string
  retryLimit: number
  retryDelay: number
  timeout: number
  heartbeat: number | null
  deadLetter: string | null
}

/** The queue rows hold what happens to jobs that never reach a handler, so they must agree with the contracts. */
export const checkQueues: Check = async ({ db }) => {
  const { rows } = await sql<Queue>`
    select name, retry_limit as "retryLimit", retry_delay as "retryDelay", expire_seconds as timeout,
           heartbeat_seconds as heartbeat, dead_letter as "deadLetter" from pgboss.queue
  `.execute(db)
  const byName = new Map(rows.map(row => [row.name, row]))
  const contracts = handlers.map(handler => handler.contract)
  const missing = contracts.filter(({ kind }) => !byName.has(kind)).map(({ kind }) => kind)
  const differing = contracts.filter(({ kind, retry, timeoutSeconds }) => {
    const queue = byName.get(kind)
    return (
      queue !== undefined &&
      (queue.retryLimit !== retry.length ||
        queue.retryDelay !== (retry[0] ?? 0) ||
        queue.timeout !== timeoutSeconds ||
        queue.heartbeat !== HEARTBEAT_SECONDS ||
        queue.deadLetter !== 'dead')
    )
  })
  if (missing.length > 0) return wrong(`queues: missing ${missing.join(', ')}: npm run migrate`)
  if (differing.length > 0) {
    const names = differing.map(({ kind }) => kind).join(', ')
    return wrong(`queues: other settings than this checkout has: ${names}: npm run migrate`)
  }
  return ok(`queues: all ${contracts.length} present with the right settings`)
}

export const checkSchedules: Check = async ({ db }) => {
  const rows = await db.selectFrom('schedules').select(['name', 'enabled', 'changed_by as by']).execute()
  const missing = schedules.filter(({ name }) => !rows.some(row => row.name === name)).map(({ name }) => name)
  if (missing.length > 0) return wrong(`schedules: missing ${missing.join(', ')}: npm run migrate`)
  const off = rows.filter(row => !row.enabled)
  if (off.length === 0) return ok(`schedules: all ${schedules.length} switched on`)
  return note(`schedules: switched off: ${off.map(({ name, by }) => `${name} (by ${by})`).join(', ')}`)
}
