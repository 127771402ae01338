import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'
import { type Histogram, mergeHistograms, quantile } from '../histogram.ts'

export type Percentiles = { p50: number | null; p95: number | null; p99: number | null }
export type Latency = { throughputPerMinute: number; wait: Percentiles; run: Percentiles }

const WINDOW_MINUTES = 5

type Minute = { kind: string; completed: number; wait: Histogram; run: Histogram; windowMinutes: number }

/** Throughput per minute and percentiles in milliseconds of the last five minutes, per kind, over all workers. */
export async function readLatency(db: Db): Promise<Map<string, Latency>> {
  const { rows } = await sql<Minute>`
    select kind, completed, wait_histogram as wait, run_histogram as run,
           extract(epoch from pgboss.job_now() - w.since)::float8 / 60 as "windowMinutes"
    from (select date_trunc('minute', pgboss.job_now()) - ${WINDOW_MINUTES} * interval '1 minute' as since) w
    join job_minutes on minute >= w.since
  `.execute(db)
  return new Map([...Map.groupBy(rows, row => row.kind)].map(([kind, minutes]) => [kind, latencyOf(minutes)]))
}

function latencyOf(minutes: readonly Minute[]): Latency {
  const completed = minutes.reduce((sum, minute) => sum + minute.completed, 0)
  return {
    throughputPerMinute: Math.round((completed / (minutes[0]?.windowMinutes ?? WINDOW_MINUTES)) * 100) / 100,
    wait: percentiles(mergeHistograms(minutes.map(minute => minute.wait))),
    run: percentiles(mergeHistograms(minutes.map(minute => minute.run))),
  }
}

const percentiles = (histogram: Histogram): Percentiles => ({
  p50: quantile(histogram, 0.5),
  p95: quantile(histogram, 0.95),
  p99: quantile(histogram, 0.99),
})
