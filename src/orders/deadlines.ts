import { sql } from 'kysely'
import { z } from 'zod'
import { chunksOf } from '../platform/chunks.ts'
import { defineJob, type InTxHandler, inTx, type JobContract } from '../platform/job.ts'
import type { Tx } from '../platform/tx.ts'
import type { AnyFlow } from './flow.ts'

/** Most orders that one deadline job carries. */
const SET_SIZE = 500
/** Most orders that one sweep takes unless told; when it took as many, the next sweep follows at once. */
const SWEEP_SIZE = 20_000

/** Payload of every deadline job. `dueAt` is the moment for which it was raised: a newer deadline is left alone. */
export const deadlineJobPayload = z.strictObject({
  orderIds: z.array(z.uuid()).min(1).max(SET_SIZE),
  dueAt: z.iso.datetime(),
})
export type DeadlineJob = z.infer<typeof deadlineJobPayload>

/** One job per order, so that one bad order of a failed set is retried alone. */
export const splitIds = <P extends { orderIds: string[] }>(payload: P): P[] =>
  payload.orderIds.map(id => ({ ...payload, orderIds: [id] }))

/** The ids of a batch, merged and deduped per deadline for which they were raised. */
export function mergeDeadlines(payloads: readonly DeadlineJob[]): { dueAt: Date; orderIds: string[] }[] {
  const groups = Map.groupBy(payloads, payload => payload.dueAt)
  return [...groups].map(([dueAt, jobs]) => ({
    dueAt: new Date(dueAt),
    orderIds: [...new Set(jobs.flatMap(job => job.orderIds))],
  }))
}

/** What the sweep raises: `flow.onDeadline` → job. A status whose onDeadline has no job is refused when it is built. */
export type DeadlineBindings = ReadonlyMap<string, JobContract<DeadlineJob>>

export const sweepDeadlines = defineJob('orders.sweep-deadlines', {
  payload: z.strictObject({}),
  key: () => 'sweep',
  batch: 10,
  slots: 1,
  priority: 'high',
})

/**
 * The sweep: takes due orders in the statement that marks them as queued, so that two sweeps never take the same order,
 * and raises one job per 500 of a (flow, transition). One sweep takes at most `sweepSize` orders.
 * @throws Error when a status names an onDeadline without a job
 */
export function sweepDeadlinesHandler(
  flows: readonly AnyFlow[],
  bindings: DeadlineBindings,
  sweepSize = SWEEP_SIZE,
): InTxHandler {
  const jobOf = new Map<string, JobContract<DeadlineJob>>()
  for (const flow of flows) {
    for (const [status, rule] of Object.entries(flow.statuses)) {
      if (rule.onDeadline === undefined) continue
      const job = bindings.get(`${flow.name}.${rule.onDeadline}`)
      if (job === undefined) throw new Error(`no job is bound to ${flow.name}.${rule.onDeadline}`)
      jobOf.set(`${flow.name}.${status}`, job)
    }
  }
  return inTx(sweepDeadlines, tx => sweepDue(tx, jobOf, sweepSize))
}

async function sweepDue(
  tx: Tx,
  jobOf: ReadonlyMap<string, JobContract<DeadlineJob>>,
  sweepSize: number,
): Promise<void> {
  // A worker of the release before does not know every place: what it cannot raise stays for those that can.
  const places = [...jobOf.keys()]
  const { rows } = await sql<{ id: string; place: string }>`
    update orders set deadline_queued_at = ${tx.now}
    where deadline_at <= ${tx.now} and deadline_queued_at is null and flow || '.' || status = any(${places}::text[])
      and id = any(array(
        select id from orders where deadline_at <= ${tx.now} and deadline_queued_at is null
          and flow || '.' || status = any(${places}::text[]) order by deadline_at limit ${sweepSize}))
    returning id, flow || '.' || status as place
  `.execute(tx.db)
  const dueAt = tx.now.toISOString()
  const byJob = Map.groupBy(rows, row => jobOf.get(row.place))
  for (const [job, due] of byJob) {
    if (job === undefined) continue
    const ids = due.map(row => row.id)
    await tx.enqueue(
      job,
      chunksOf(ids, SET_SIZE).map(orderIds => ({ orderIds, dueAt })),
    )
  }
  if (rows.length === sweepSize) await tx.enqueue(sweepDeadlines, [{}])
}
