import { sql } from 'kysely'
import type { Db } from '../platform/tx.ts'
import { emptyHistogram, type Histogram, observe } from './histogram.ts'

type Counts = {
  started: number
  completed: number
  failed: number
  dead: number
  runMs: number
  wait: Histogram
  run: Histogram
}

/** What this process did since the last flush, per kind, and in total. Costs no statement per job. */
export type Meter = {
  started(kind: string, jobs: number, waitsMs: readonly number[]): void
  completed(kind: string, jobs: number, runMs: number): void
  failed(kind: string, runMs: number): void
  dead(kind: string): void
  totals(): { processed: number; failed: number }
  /** Adds the counts to `job_minutes` and forgets them; on an error they are kept for the next flush. */
  flush(db: Db, workerId: string, now: Date): Promise<void>
}

const noCounts = (): Counts => ({
  started: 0,
  completed: 0,
  failed: 0,
  dead: 0,
  runMs: 0,
  wait: emptyHistogram(),
  run: emptyHistogram(),
})

export function createMeter(): Meter {
  let byKind = new Map<string, Counts>()
  const totals = { processed: 0, failed: 0 }
  const countsOf = (kind: string): Counts => {
    const counts = byKind.get(kind) ?? noCounts()
    byKind.set(kind, counts)
    return counts
  }
  return {
    started(kind, jobs, waitsMs) {
      const counts = countsOf(kind)
      counts.started += jobs
      for (const wait of waitsMs) observe(counts.wait, wait)
    },
    completed(kind, jobs, runMs) {
      const counts = countsOf(kind)
      counts.completed += jobs
      counts.runMs += Math.round(runMs)
      observe(counts.run, runMs / jobs, jobs)
      totals.processed += jobs
    },
    failed(kind, runMs) {
      const counts = countsOf(kind)
      counts.failed += 1
      observe(counts.run, runMs)
      totals.failed += 1
    },
    dead(kind) {
      countsOf(kind).dead += 1
    },
    totals: () => totals,
    async flush(db, workerId, now) {
      const taken = byKind
      if (taken.size === 0) return
      byKind = new Map()
      await addToMinute(db, workerId, now, taken).catch(error => {
        for (const [kind, counts] of taken) addCounts(countsOf(kind), counts)
        throw error
      })
    },
  }
}

function addCounts(to: Counts, from: Counts): void {
  for (const field of ['started', 'completed', 'failed', 'dead', 'runMs'] as const) to[field] += from[field]
  for (const field of ['wait', 'run'] as const)
    from[field].forEach((n, i) => {
      to[field][i] = (to[field][i] ?? 0) + n
    })
}

async function addToMinute(db: Db, workerId: string, now: Date, taken: ReadonlyMap<string, Counts>): Promise<void> {
  const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000)
  const rows = [...taken].map(([kind, c]) => ({ kind, ...c }))
  await sql`
    insert into job_minutes as m (kind, minute, worker_id, started, completed, failed, dead, run_ms_total, wait_histogram, run_histogram)
    select kind, ${minute}, ${workerId}, started, completed, failed, dead, "runMs",
           array(select jsonb_array_elements_text(wait)::int), array(select jsonb_array_elements_text(run)::int)
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r
      (kind text, started bigint, completed bigint, failed bigint, dead bigint, "runMs" bigint, wait jsonb, run jsonb)
    on conflict (kind, minute, worker_id) do update set
      started = m.started + excluded.started, completed = m.completed + excluded.completed, failed = m.failed + excluded.failed,
      dead = m.dead + excluded.dead, run_ms_total = m.run_ms_total + excluded.run_ms_total,
      wait_histogram = array(select a + b from unnest(m.wait_histogram, excluded.wait_histogram) as t (a, b)),
      run_histogram = array(select a + b from unnest(m.run_histogram, excluded.run_histogram) as t (a, b))
  `.execute(db)
}
