import { isIP } from 'node:net'
import { sql } from 'kysely'
import { rateLimited } from './problem.ts'
import type { Db } from './tx.ts'

/** At most `points` in a window of `seconds`; `factor` is RATE_LIMIT_FACTOR. */
export type Limit = { points: number; seconds: number; factor: number }

/**
 * Takes one point of a limit that all processes share: one statement, exact under concurrency. The window begins with
 * its first point and is not prolonged by refused ones.
 * @throws AppError 429 `rate_limited` with Retry-After
 */
export async function takePoint(db: Db, key: string, limit: Limit): Promise<void> {
  const { rows } = await sql<{ points: number; seconds: number }>`
    insert into rate_limits as l (key, points, resets_at)
    values (${key}, 1, pgboss.job_now() + make_interval(secs => ${limit.seconds}))
    on conflict (key) do update set
      points = case when l.resets_at <= pgboss.job_now() then 1 else l.points + 1 end,
      resets_at = case when l.resets_at <= pgboss.job_now() then excluded.resets_at else l.resets_at end
    returning points, extract(epoch from resets_at - pgboss.job_now())::float8 as seconds`.execute(db)
  const row = rows[0]
  if (row && row.points > limit.points * limit.factor) throw rateLimited(row.seconds)
}

/** Gives a point back, for limits that count failures only: the point is taken before the outcome is known. */
export async function givePointBack(db: Db, key: string): Promise<void> {
  await sql`update rate_limits set points = points - 1 where key = ${key} and points > 0`.execute(db)
}

/**
 * The address that a limit counts: IPv4 as it is (also when it comes mapped into IPv6), IPv6 by its /64, which is what
 * one customer has.
 */
export function addressKey(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped?.[1]) return mapped[1]
  if (isIP(ip) !== 6) return ip
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = !tail ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** Windows that are over may go. */
export const rateLimitRetention = [{ table: 'rate_limits', column: 'resets_at', days: 1 }] as const
