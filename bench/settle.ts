import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { autoRefund } from '../src/jastip/jobs.ts'
import { createJobQueue, createWaker, installQueues, startBoss } from '../src/jobs/index.ts'
import { sweepDeadlines } from '../src/orders/index.ts'
import { systemActor } from '../src/platform/actor.ts'
import { createDb } from '../src/platform/db.ts'
import type { JobContract } from '../src/platform/job.ts'
import { createLog } from '../src/platform/log.ts'
import { inTransaction } from '../src/platform/tx.ts'
import { coreSettle, coreSweep } from './bench-flow.ts'
import { startPeer, stopPeer } from './child.ts'
import { withAntre } from './databases.ts'
import { fillOrders } from './fill-orders.ts'
import { type Bench, type BenchContext, type Goal, interleave } from './harness.ts'
import { createPgbench } from './pgbench.ts'
import { loopPerOrder } from './settle-loop.ts'

type DeadlineContract = JobContract<{ orderIds: string[]; dueAt: string }>

/** Orders per second auto-refunded by one-order jobs: guard, event, refund row, notification row, follow-up jobs, stock back. */
const settle = async (context: BenchContext) => {
  const orders = context.size === 'full' ? 60_000 : 30_000
  const pgbench = await createPgbench(context)
  const rounds = await interleave(context, {
    antre: () =>
      settleBy(context, orders, 'awaiting_validation', autoRefund, 1, ['order.auto-refund', 'stock.release']),
    'pgbench -N': pgbench.tps,
    'one transaction per order': () => loopPerOrder(context, Math.round(orders / 20)),
  })
  await pgbench.drop()
  const goals: Goal[] = [
    { ours: 'antre', reference: 'pgbench -N', atLeast: 1.5 },
    { ours: 'antre', reference: 'one transaction per order', atLeast: 6 },
  ]
  return { name: 'settle', rounds, unit: 'orders/s', goals }
}

/** The same with guard, event and completion only. */
const core = async (context: BenchContext) => {
  const orders = context.size === 'full' ? 100_000 : 40_000
  const pgbench = await createPgbench(context)
  const rounds = await interleave(context, {
    antre: () => settleBy(context, orders, 'awaiting_validation', coreSettle, 1, ['bench.settle']),
    'pgbench -N': pgbench.tps,
  })
  await pgbench.drop()
  return {
    name: 'core-settle',
    rounds,
    unit: 'orders/s',
    goals: [{ ours: 'antre', reference: 'pgbench -N', atLeast: 3 }],
  }
}

/** Orders per second expired from the sweep on: it finds the due orders and raises jobs of 500 ids, which cancel in full. */
const sweep = async (context: BenchContext) => {
  const orders = context.size === 'full' ? 200_000 : 60_000
  const pgbench = await createPgbench(context)
  const kinds = ['orders.sweep-deadlines', 'order.expire-dp', 'stock.release']
  const rounds = await interleave(context, {
    antre: () => settleBy(context, orders, 'pending_dp', 'sweep', 0, kinds),
    'pgbench -N': pgbench.tps,
  })
  await pgbench.drop()
  return { name: 'sweep', rounds, unit: 'orders/s', goals: [{ ours: 'antre', reference: 'pgbench -N', atLeast: 3 }] }
}

/** Jobs of 500 ids with guard, event and completion only. */
const coreOfSweep = async (context: BenchContext) => {
  const orders = 200_000
  const pgbench = await createPgbench(context)
  const rounds = await interleave(context, {
    antre: () => settleBy(context, orders, 'pending_dp', coreSweep, 500, ['bench.sweep']),
    'pgbench -N': pgbench.tps,
  })
  await pgbench.drop()
  return {
    name: 'core-sweep',
    rounds,
    unit: 'orders/s',
    goals: [{ ours: 'antre', reference: 'pgbench -N', atLeast: 12 }],
  }
}

export const benches: Record<string, Bench> = {
  settle: { name: 'settle', run: settle },
  'core-settle': { name: 'core-settle', run: core },
  sweep: { name: 'sweep', run: sweep },
  'core-sweep': { name: 'core-sweep', run: coreOfSweep },
}

/** Orders per second from `go` to the last order moved and the last hold given back, by one worker process. */
function settleBy(
  context: BenchContext,
  count: number,
  status: 'pending_dp' | 'awaiting_validation',
  by: DeadlineContract | 'sweep',
  idsPerJob: number,
  kinds: string[],
): Promise<number> {
  return withAntre(context.postgresUrl, async (url, pool) => {
    const ids = await fillOrders(pool, count, status)
    if (by === 'sweep') await enqueue(pool, sweepDeadlines, [{}])
    else await enqueueSets(pool, by, ids, idsPerJob)
    await pool.query('vacuum analyze pgboss.job_common')
    const worker = await startPeer('antre-worker.ts', {
      DATABASE_URL: url,
      REDIS_URL: context.redisUrl ?? '',
      KINDS: kinds.join(','),
    })
    try {
      const begin = performance.now()
      worker.send('go')
      const last = ids.slice(-20)
      while (await isUnfinished(pool, last, status, kinds.includes('stock.release'))) await sleep(25)
      return (count / (performance.now() - begin)) * 1000
    } finally {
      await stopPeer(worker)
    }
  })
}

/**
 * Asks first for the orders whose turn comes last, by their keys, and for all only when those have moved: a look over the
 * whole table every few milliseconds would slow down what is measured.
 */
async function isUnfinished(pool: pg.Pool, last: readonly string[], status: string, stock: boolean): Promise<boolean> {
  const ends = await pool.query('select 1 from orders where id = any($1::uuid[]) and status = $2 limit 1', [
    last,
    status,
  ])
  if (ends.rows.length > 0) return true
  const { rows } = await pool.query(
    `select exists (select 1 from orders where flow = 'jastip' and status = $1)
       or ($2 and exists (select 1 from stock_reservations where state = 'held')) as unfinished`,
    [status, stock],
  )
  return rows[0].unfinished
}

async function enqueueSets(pool: pg.Pool, contract: DeadlineContract, ids: string[], size: number): Promise<void> {
  const dueAt = new Date().toISOString()
  const sets = Array.from({ length: Math.ceil(ids.length / size) }, (_, n) => ids.slice(n * size, (n + 1) * size))
  await enqueue(
    pool,
    contract,
    sets.map(orderIds => ({ orderIds, dueAt })),
  )
}

async function enqueue<P>(pool: pg.Pool, contract: JobContract<P>, payloads: P[]): Promise<void> {
  const log = createLog('error', 'bench')
  await installQueues(pool, log, [contract as never])
  const boss = await startBoss(pool, log)
  const deps = { db: createDb(pool), jobs: createJobQueue(createWaker(pool, log)), reactions: [], log }
  await inTransaction(deps, systemActor('bench'), tx => tx.enqueue(contract, payloads))
  await boss.stop({ graceful: false, close: false })
}
