import { setTimeout as sleep } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { makeWorkerUtils } from 'graphile-worker'
import type pg from 'pg'
import { createJobQueue, createWaker, installQueues, startBoss } from '../src/jobs/index.ts'
import { systemActor } from '../src/platform/actor.ts'
import { createDb } from '../src/platform/db.ts'
import { createLog } from '../src/platform/log.ts'
import { inTransaction } from '../src/platform/tx.ts'
import { startPeer, stopPeer } from './child.ts'
import { withAntre, withDatabase } from './databases.ts'
import { type Bench, type BenchContext, type Goal, median } from './harness.ts'
import { connectionOf } from './peers/bullmq-setup.ts'
import { quiet } from './peers/graphile-logger.ts'
import { pickupJob } from './peers/pickup-job.ts'

/** Puts one job into the queue; resolves when it is committed. */
type Send = (sentAt: number) => Promise<void>
type Side = (
  context: BenchContext,
  measure: (send: Send, peer: string, env: Record<string, string>) => Promise<Waits>,
) => Promise<Waits>
type Waits = { rare: number[]; busy: number[] }

/** Milliseconds since the epoch with microseconds: the same clock in every process of this machine. */
const now = () => performance.timeOrigin + performance.now()

/** From the call that enqueues to the start of the handler in another process, on an idle system at 1/s and at 200/s. */
export const bench: Bench = {
  name: 'pickup',
  async run(context) {
    const sides: Record<string, Side> = { antre, 'graphile-worker': graphile, 'polling 100 ms': polling }
    if (context.redisUrl) sides.bullmq = bullmq
    const waits: Record<string, Waits[]> = {}
    for (let round = 1; round <= context.rounds; round++) {
      for (const [name, side] of Object.entries(sides)) {
        const measured = await side(context, (send, peer, env) => measurePeer(context, send, peer, env))
        waits[name] = [...(waits[name] ?? []), measured]
        const { rare, busy } = measured
        context.progress(`round ${round}/${context.rounds}  ${name}: ${show(rare)} at 1/s, ${show(busy)} at 200/s`)
      }
    }
    return { name: 'pickup', rounds: tabulate(waits), unit: 'ms', goals: GOALS }
  },
}

const GOALS: Goal[] = [
  { ours: 'antre 1/s p50', atMost: 5 },
  { ours: 'antre 1/s p99', atMost: 15 },
  { ours: 'antre 200/s p50', atMost: 5 },
  { ours: 'antre 200/s p99', atMost: 15 },
  { ours: 'antre 1/s p99', reference: 'graphile-worker 1/s p99', atLeast: 1, betterIs: 'lower' },
  { ours: 'antre 200/s p99', reference: 'graphile-worker 200/s p99', atLeast: 1, betterIs: 'lower' },
]

const show = (values: number[]) => `p50 ${median(values).toFixed(2)} p99 ${quantile(values, 0.99).toFixed(2)} ms`

function tabulate(waits: Record<string, Waits[]>): Record<string, number[]> {
  const rows = Object.entries(waits).flatMap(([name, rounds]) => [
    [`${name} 1/s p50`, rounds.map(({ rare }) => median(rare))],
    [`${name} 1/s p99`, rounds.map(({ rare }) => quantile(rare, 0.99))],
    [`${name} 200/s p50`, rounds.map(({ busy }) => median(busy))],
    [`${name} 200/s p99`, rounds.map(({ busy }) => quantile(busy, 0.99))],
  ])
  return Object.fromEntries(rows)
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

async function measurePeer(
  context: BenchContext,
  send: Send,
  file: string,
  env: Record<string, string>,
): Promise<Waits> {
  const peer = await startPeer(file, env)
  const waits: number[] = []
  peer.on('message', message => {
    if (typeof message === 'object' && message !== null && 'waited' in message) waits.push(Number(message.waited))
  })
  try {
    peer.send('go')
    await sleep(1_000)
    await sendAt(send, 200, 50)
    await until(waits, 50)
    waits.length = 0
    const rare = await collect(waits, send, 1, context.size === 'full' ? 30 : 6)
    const busy = await collect(waits, send, 200, context.size === 'full' ? 2_000 : 600)
    return { rare, busy }
  } finally {
    await stopPeer(peer)
  }
}

async function collect(waits: number[], send: Send, perSecond: number, jobs: number): Promise<number[]> {
  waits.length = 0
  await sendAt(send, perSecond, jobs)
  await until(waits, jobs)
  return [...waits]
}

/** Open loop: each job at its time, however long the one before took. */
async function sendAt(send: Send, perSecond: number, jobs: number): Promise<void> {
  const begin = now()
  const sent: Promise<void>[] = []
  for (let n = 0; n < jobs; n++) {
    const wait = begin + (n * 1000) / perSecond - now()
    if (wait > 0) await sleep(wait)
    sent.push(send(now()))
  }
  await Promise.all(sent)
}

async function until(waits: readonly number[], jobs: number): Promise<void> {
  const end = now() + 30_000
  while (waits.length < jobs) {
    if (now() > end) throw new Error(`only ${waits.length} of ${jobs} jobs arrived`)
    await sleep(5)
  }
}

const antre: Side = (context, measure) =>
  withAntre(
    context.postgresUrl,
    async (url, pool) => await withSender(pool, send => measure(send, 'pickup-antre.ts', { DATABASE_URL: url })),
  )

const polling: Side = (context, measure) =>
  withAntre(
    context.postgresUrl,
    async (url, pool) => await withSender(pool, send => measure(send, 'pickup-polling.ts', { DATABASE_URL: url })),
  )

async function withSender<T>(pool: pg.Pool, use: (send: Send) => Promise<T>): Promise<T> {
  const log = createLog('error', 'bench')
  await installQueues(pool, log, [pickupJob as never])
  const boss = await startBoss(pool, log)
  const deps = { db: createDb(pool), jobs: createJobQueue(createWaker(pool, log)), reactions: [], log }
  try {
    return await use(sentAt => inTransaction(deps, systemActor('bench'), tx => tx.enqueue(pickupJob, [{ sentAt }])))
  } finally {
    await boss.stop({ graceful: false, close: false })
  }
}

const graphile: Side = (context, measure) =>
  withDatabase(context.postgresUrl, async (url, pool) => {
    const utils = await makeWorkerUtils({ pgPool: pool, logger: quiet })
    await utils.migrate()
    try {
      return await measure(async sentAt => void (await utils.addJob('pickup', { sentAt })), 'pickup-graphile.ts', {
        DATABASE_URL: url,
      })
    } finally {
      await utils.release()
    }
  })

const bullmq: Side = async (context, measure) => {
  const url = context.redisUrl ?? ''
  const queue = new Queue('pickup', { connection: connectionOf(url) })
  try {
    const send: Send = async sentAt => void (await queue.add('pickup', { sentAt }, { removeOnComplete: true }))
    return await measure(send, 'pickup-bullmq.ts', { REDIS_URL: url })
  } finally {
    await queue.obliterate({ force: true })
    await queue.close()
  }
}
