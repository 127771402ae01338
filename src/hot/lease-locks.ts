import { sql } from 'kysely'
import { type Db, databaseNow } from '../platform/tx.ts'
import type { LockStore } from './locks.ts'

/** Set on release: a moment that every clock has passed. */
const LONG_AGO = new Date(0)

/** Locks as leases in `lock_leases`, by the database's clock; each statement touches one row by primary key. */
export const leaseLocks = (db: Db): LockStore => ({
  /** The upsert waits for a racing one on the same row and then sees its lease: exactly one of them gets the fence. */
  acquire: async (name, owner, ttlMs, floor) => {
    const now = await databaseNow(db)
    const atLeast = Math.max(now.getTime(), floor + 1)
    const { rows } = await sql<{ fence: number }>`
      insert into lock_leases (name, owner, fence, expires_at)
      values (${name}, ${owner}, ${atLeast}, ${later(now, ttlMs)})
      on conflict (name) do update
        set owner = excluded.owner, fence = greatest(lock_leases.fence + 1, excluded.fence), expires_at = excluded.expires_at
        where lock_leases.expires_at <= ${now}
      returning fence
    `.execute(db)
    return rows[0]?.fence ?? null
  },
  extend: async (name, owner, ttlMs) => {
    const now = await databaseNow(db)
    const { rows } = await sql`
      update lock_leases set expires_at = ${later(now, ttlMs)}
      where name = ${name} and owner = ${owner} and expires_at > ${now}
      returning name
    `.execute(db)
    return rows.length === 1
  },
  release: async (name, owner) => {
    const now = await databaseNow(db)
    const { rows } = await sql`
      update lock_leases set expires_at = ${LONG_AGO}
      where name = ${name} and owner = ${owner} and expires_at > ${now}
      returning name
    `.execute(db)
    return rows.length === 1
  },
})

const later = (now: Date, ms: number): Date => new Date(now.getTime() + ms)
