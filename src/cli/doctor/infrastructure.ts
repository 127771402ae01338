import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { sql } from 'kysely'
import { listen } from '../../platform/listen.ts'
import { createLog } from '../../platform/log.ts'
import { type Check, note, ok, wrong } from './finding.ts'

const LIMIT_MS = 3_000

/** Fails behind a pooler in transaction mode: the workers' listening connection must go to Postgres itself. */
export const checkNotify: Check = async ({ databaseUrl, db }) => {
  const channel = `antre_doctor_${randomBytes(6).toString('hex')}`
  const heard = Promise.withResolvers<string>()
  const listener = listen(databaseUrl, channel, heard.resolve, { log: createLog('silent', 'antre-doctor') })
  const late = new AbortController()
  try {
    const limit = sleep(LIMIT_MS, 'late', { signal: late.signal })
    limit.catch(() => undefined)
    if ((await Promise.race([listener.ready, limit])) !== 'late') {
      await sql`select pg_notify(${channel}, 'heard')`.execute(db)
      if ((await Promise.race([heard.promise, limit])) === 'heard') return ok('LISTEN/NOTIFY: heard')
    }
    return wrong('LISTEN/NOTIFY: nothing heard; DATABASE_URL must not lead through a pooler in transaction mode')
  } finally {
    late.abort()
    await listener.close()
  }
}

export const checkRedis: Check = async ({ env }) => {
  if (!env.REDIS_URL) return note('Redis: none configured; Postgres serves what is hot')
  const redis = new Redis(env.REDIS_URL, {
    lazyConnect: true,
    connectTimeout: LIMIT_MS,
    commandTimeout: LIMIT_MS,
    retryStrategy: () => null,
  })
  redis.on('error', () => undefined)
  const { host } = new URL(env.REDIS_URL)
  try {
    await redis.connect()
    const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown'
    if (Number.parseInt(version, 10) < 7) return wrong(`Redis ${version} at ${host}: 7.0 or newer is needed`)
    return ok(`Redis ${version} at ${host}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return wrong(`Redis at ${host} does not answer (${reason}); Postgres serves what is hot`)
  } finally {
    redis.disconnect()
  }
}

const MOST_SKEW_MS = 2_000

/** Deadlines and retries follow the database's clock, schedules that of each worker. */
export const checkClock: Check = async ({ db }) => {
  const before = Date.now()
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db)
  const skewMs = Math.round((rows[0]?.now.getTime() ?? 0) - (before + Date.now()) / 2)
  const text = `clock: ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'ahead of' : 'behind'} the database`
  return Math.abs(skewMs) > MOST_SKEW_MS ? wrong(`${text}: schedules fire at the wrong time`) : ok(text)
}

type Blocker = { source: string; pid: number | null; seconds: number; query: string | null; remedy: string }

export const checkXmin: Check = async ({ db }) => {
  const { rows } = await sql<Blocker>`
    select source, pid, round(extract(epoch from held_for))::int as seconds, query, remedy
    from inspect.xmin_blocker where held_for > interval '1 minute' and held_back_xids > 0 order by held_for desc limit 3
  `.execute(db)
  if (rows.length === 0) return ok('vacuum: no old snapshot holds it back')
  return rows.flatMap(({ source, pid, seconds, query, remedy }) =>
    wrong(
      `vacuum: held back for ${seconds} s by a ${source}${pid ? ` (pid ${pid})` : ''}${query ? `: ${query.slice(0, 80)}` : ''}; ${remedy}`,
    ),
  )
}
