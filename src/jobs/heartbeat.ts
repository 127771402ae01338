import { hostname } from 'node:os'
import { sql } from 'kysely'
import { databaseNow } from '../platform/tx.ts'
import type { Claims } from './claims.ts'
import { settledIds } from './pgboss-rows.ts'
import { fenced, LostClaim, type Runtime } from './runtime.ts'

/** Three beats fit into the ten seconds after which a claim is lost. */
const TOUCH_AFTER_MS = 2_500

/**
 * Keeps the claims of this process alive and hears which of them are gone: cancelled, or taken over after a lost
 * heartbeat. Those are aborted; whatever they still do is rolled back by the fence.
 */
export async function touchClaims(rt: Runtime, claims: Claims): Promise<void> {
  const old = claims.all().filter(claim => Date.now() - claim.startedAt >= TOUCH_AFTER_MS)
  for (const [kind, group] of Map.groupBy(old, claim => claim.kind)) {
    const alive = new Set(settledIds(await rt.boss.touch(kind, fenced(group))))
    for (const claim of group) {
      if (!alive.has(claim.id)) claim.abort.abort(new LostClaim('the job was cancelled or taken over'))
    }
  }
}

/** Tells the other processes that this worker lives, and what it did. */
export async function reportWorker(rt: Runtime, running: number, state: 'running' | 'stopped'): Promise<void> {
  const now = await databaseNow(rt.db)
  await rt.meter.flush(rt.db, rt.workerId, now)
  const { processed, failed } = rt.meter.totals()
  await sql`
    insert into workers (id, host, pid, kinds, started_at, last_seen, running, processed, failed, stopped_at)
    values (${rt.workerId}, ${hostname()}, ${process.pid}, ${[...rt.handlers.keys()]}::text[], ${now}, ${now}, ${running},
            ${processed}, ${failed}, ${state === 'stopped' ? now : null})
    on conflict (id) do update set last_seen = excluded.last_seen, running = excluded.running, processed = excluded.processed,
      failed = excluded.failed, stopped_at = excluded.stopped_at
  `.execute(rt.db)
}
