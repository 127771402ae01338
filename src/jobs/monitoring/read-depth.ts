import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'
import { singleFlight } from './single-flight.ts'

export type Depth = {
  kind: string
  queued: number
  delayed: number
  retrying: number
  processing: number
  dead: number
  /** Age of the oldest due job in milliseconds; null when none is due. */
  oldestAgeMs: number | null
  pause: { reason: string; pausedBy: string; pausedAt: Date; until: Date | null } | null
}

type Row = Omit<Depth, 'pause'> & {
  paused: boolean
  reason: string
  pausedBy: string
  pausedAt: Date
  until: Date | null
}

/** `inspect.queue_depth`: what waits and runs, without the finished jobs. Shared by all callers for a second. */
export const readDepth: (db: Db) => Promise<Depth[]> = singleFlight(1_000, async db => {
  const { rows } = await sql<Row>`
    select kind, queued, delayed, retrying, processing, dead, round(extract(epoch from oldest_age) * 1000)::float8 as "oldestAgeMs",
           paused, pause_reason as reason, paused_by as "pausedBy", paused_at as "pausedAt", paused_until as until
    from inspect.queue_depth order by kind
  `.execute(db)
  return rows.map(({ paused, reason, pausedBy, pausedAt, until, ...depth }) => ({
    ...depth,
    pause: paused ? { reason, pausedBy, pausedAt, until } : null,
  }))
})
