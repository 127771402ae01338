import { waitFor } from './pool.ts'
import { type Head, headShape, type KindCounts, type Stats, statsShape } from './shapes.ts'
import type { Stage } from './stage.ts'
import { AUTO_REFUND, EXPIRE_DP, REFUND, RELEASE, WHATSAPP } from './stories.ts'

/** The kinds of jobs that the demo's orders cause; the others run by themselves. */
export const OUR_KINDS = [WHATSAPP, REFUND, AUTO_REFUND, EXPIRE_DP, RELEASE] as const

const QUIET_LIMIT_SECONDS = 60
/** An order of an earlier run that falls due within this time would be counted as ours (ms). */
const SOON_MS = 180_000

export const readStats = ({ api, ops }: Pick<Stage, 'api' | 'ops'>): Promise<Stats> =>
  api.get(statsShape, '/api/monitoring/queue/stats', { token: ops })

export function countsOf(stats: Stats, kind: string): KindCounts {
  const none = { queued: 0, delayed: 0, retrying: 0, processing: 0, completed: 0, failed: 0, dead: 0 }
  return stats.byKind.find(each => each.kind === kind) ?? { kind, ...none }
}

/** Jobs of a kind that have still to run; those that wait for a later day are not among them. */
const underWay = ({ queued, retrying, processing }: KindCounts): number => queued + retrying + processing

/**
 * The server's counts at a moment when nothing of an earlier run is under way; `onBusy` is called when that has to be
 * waited for. @throws a failure after a minute
 */
export async function waitUntilQuiet(stage: Stage, onBusy: () => void): Promise<Stats> {
  let looks = 0
  return await waitFor('the end of what an earlier run left', QUIET_LIMIT_SECONDS, async () => {
    const [stats, due] = await Promise.all([readStats(stage), listDue(stage)])
    const busy = OUR_KINDS.some(kind => underWay(countsOf(stats, kind)) > 0)
    if (!busy && due.length === 0) return stats
    if (looks++ === 0) onBusy()
    return undefined
  })
}

async function listDue({ api, seller }: Stage): Promise<Head[]> {
  const path = '/api/orders?flow=jastip&status=pending_dp,awaiting_validation'
  const waiting = await api.list(headShape, path, { token: seller })
  return waiting.filter(({ deadlineAt }) => deadlineAt !== null && Date.parse(deadlineAt) < Date.now() + SOON_MS)
}

/** The orders of the demo's trip as the seller's list shows them. */
export async function listHeads({ api, seller, trip }: Stage, since: string): Promise<Head[]> {
  const path = `/api/orders?flow=jastip&from=${encodeURIComponent(since)}`
  const heads = await api.list(headShape, path, { token: seller })
  return heads.filter(head => head.tripId === trip.id)
}

/** How many jobs that `before` did not know have still to run. */
export async function countWaitingJobs(stage: Stage, before: Stats): Promise<number> {
  const now = await readStats(stage)
  const waiting = OUR_KINDS.map(kind => {
    const [then, counts] = [countsOf(before, kind), countsOf(now, kind)]
    return underWay(counts) + Math.max(0, counts.delayed - then.delayed)
  })
  return waiting.reduce((sum, each) => sum + each, 0)
}
