import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'

export type WorkerRow = {
  id: string
  host: string
  pid: number
  state: 'alive' | 'gone'
  kinds: string[]
  startedAt: Date
  lastSeen: Date
  silentSeconds: number
  running: number
  processed: number
  failed: number
  successRate: number | null
}

/** Living workers of the whole fleet, and those that went silent without a goodbye within the last minute. */
export async function readWorkers(db: Db): Promise<WorkerRow[]> {
  const { rows } = await sql<WorkerRow>`
    select id, host, pid, state, kinds, started_at as "startedAt", last_seen as "lastSeen",
           round(extract(epoch from pgboss.job_now() - last_seen))::int as "silentSeconds",
           running, processed, failed, success_rate::float8 as "successRate"
    from inspect.worker
    where state <> 'stopped' and last_seen > pgboss.job_now() - interval '1 minute'
    order by started_at, id
  `.execute(db)
  return rows
}
