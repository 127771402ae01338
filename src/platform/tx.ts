import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { DB } from './db-types.ts'
import type { EnqueueOptions, JobContract, JobQueue } from './job.ts'
import type { Log } from './log.ts'

/** Reads only: a write takes a `Tx`. */
export type Db = Kysely<DB>
export type TxDb = Transaction<DB>

/** What `advance` tells about a set of orders that moved; see `orders/advance.ts`. */
export type StatusChange = Readonly<{
  flow: string
  transition: string
  status: string
  closed: boolean
  orders: readonly Readonly<{ id: string; version: number; ownerId: string | null; customerRef: string | null }>[]
}>

/** Runs inside the transaction of every status change; `registry.ts` says which ones there are. */
export type Reaction = (tx: Tx, change: StatusChange) => Promise<void>

export type Tx = Readonly<{
  db: TxDb
  actor: Actor
  /** The moment of this transaction by the database's clock. No statement of ours calls now(). */
  now: Date
  /** Same transaction: the jobs exist when, and only when, it commits. */
  enqueue<P>(job: JobContract<P>, payloads: readonly P[], options?: EnqueueOptions): Promise<void>
  /** Runs once after the commit, in order; never after a rollback. Errors are logged, and no caller waits above 100 ms. */
  afterCommit(fn: () => Promise<void> | void): void
  /** Called by the order core for every set of orders that moved. */
  react(change: StatusChange): Promise<void>
}>

export type TxDeps = { db: Db; jobs: JobQueue; reactions: readonly Reaction[]; log: Log }

const AFTER_COMMIT_WAIT_MS = 100

/**
 * Runs `fn` in one transaction at read committed and commits what it did together with the jobs that it enqueued.
 * A throw rolls everything back and is passed on. What `afterCommit` collected runs after the commit.
 */
export function inTransaction<T>(deps: TxDeps, actor: Actor, fn: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransactionAfter(deps, actor, databaseNow, fn)
}

/** `inTransaction` whose first statement, `open`, is the caller's and tells the database's time beside what it does. */
export async function inTransactionAfter<T>(
  deps: TxDeps,
  actor: Actor,
  open: (db: TxDb) => Promise<Date>,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const after: (() => Promise<void> | void)[] = []
  const woken = new Set<string>()
  const result = await deps.db.transaction().execute(async db => {
    const now = await open(db)
    return await fn(createTx(deps, actor, db, now, after, woken))
  })
  if (woken.size > 0) deps.jobs.wake(woken)
  if (after.length > 0) await runAfterCommit(deps.log, after)
  return result
}

function createTx(
  deps: TxDeps,
  actor: Actor,
  db: TxDb,
  now: Date,
  after: (() => Promise<void> | void)[],
  woken: Set<string>,
): Tx {
  const tx: Tx = {
    db,
    actor,
    now,
    async enqueue(job, payloads, options = {}) {
      if (payloads.length === 0) return
      await deps.jobs.insert(db, job, payloads, { ...options, now })
      if (options.startAfter === undefined || options.startAfter <= now) woken.add(job.kind)
    },
    afterCommit: task => void after.push(task),
    async react(change) {
      for (const reaction of deps.reactions) await reaction(tx, change)
    },
  }
  return tx
}

/** The database's clock. Tests move it (`testing/clock.ts`), and pg-boss reads the same function. */
export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select pgboss.job_now() as now`.execute(db)
  const now = rows[0]?.now
  if (now === undefined) throw new Error('the database did not say what time it is')
  return now
}

async function runAfterCommit(log: Log, tasks: (() => Promise<void> | void)[]): Promise<void> {
  const all = (async () => {
    for (const task of tasks) {
      try {
        await task()
      } catch (error) {
        log.warn({ err: error }, 'a task after the commit failed; the database is not affected')
      }
    }
  })()
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>(resolve => {
    timer = setTimeout(resolve, AFTER_COMMIT_WAIT_MS)
  })
  await Promise.race([all, limit])
  clearTimeout(timer)
}
