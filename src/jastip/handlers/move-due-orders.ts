import { advance, type DeadlineJob, mergeDeadlines } from '../../orders/index.ts'
import { type InTxHandler, inTx, type JobContract } from '../../platform/job.ts'
import type { Tx } from '../../platform/tx.ts'
import { expireDpOrders } from '../commands/cancel-orders.ts'
import { autoRefundOrders, expireFinalOrders } from '../commands/reject-orders.ts'
import { jastip } from '../flow.ts'
import { autoComplete, autoRefund, expireDp, expireFinal } from '../jobs.ts'
import { notify } from '../notices.ts'

/** Every handler of a deadline: orders that moved on meanwhile, or have a newer deadline, are left alone. */
const onDeadline = (
  contract: JobContract<DeadlineJob>,
  move: (tx: Tx, orderIds: readonly string[], dueAt: Date) => Promise<void>,
): InTxHandler =>
  inTx(contract, async (tx, payloads) => {
    for (const { dueAt, orderIds } of mergeDeadlines(payloads)) await move(tx, orderIds, dueAt)
  })

export const expireDpHandler = onDeadline(expireDp, expireDpOrders)
export const autoRefundHandler = onDeadline(autoRefund, autoRefundOrders)
export const expireFinalHandler = onDeadline(expireFinal, expireFinalOrders)
export const autoCompleteHandler = onDeadline(autoComplete, completeOrders)

async function completeOrders(tx: Tx, orderIds: readonly string[], dueAt: Date): Promise<void> {
  const moved = await advance(tx, jastip, 'complete', orderIds, { dueAt })
  await notify(
    tx,
    moved.map(order => ({ event: 'completed', to: 'both', order })),
  )
}
