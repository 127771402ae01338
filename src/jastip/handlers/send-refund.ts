import { type OutsideHandler, type OutsideRun, outside } from '../../platform/job.ts'
import type { Tx } from '../../platform/tx.ts'
import { finishRefund, settleRefunds } from '../commands/finish-refund.ts'
import type { JastipDeps } from '../deps.ts'
import { sendRefund } from '../jobs.ts'
import { notify } from '../notices.ts'
import { getJastipOrder, lockOrder } from '../queries/orders.ts'
import { findRefund, type Refund } from '../queries/refunds.ts'

/**
 * Sends one refund. The key at the gateway is the refund's id, which survives retries and redrives: a call whose answer
 * was lost is made again and money returns once. A transfer is returned by its owner, who is told. When all retries
 * failed the refund and the order's `refund_status` become failed; a redrive begins again with the same key.
 */
export const sendRefundHandler: OutsideHandler<JastipDeps> = outside(
  sendRefund,
  async (deps: JastipDeps, { orderId, refundId }, run) => {
    const refund = await run.transaction(tx => claimRefund(tx, orderId, refundId))
    if (refund === undefined) return
    if (refund.provider === 'transfer') return await run.complete(tx => tellOwner(tx, refund))
    await callGateway(deps, refund, run)
  },
  {
    onDead: async (tx, { orderId, refundId }) => void (await finishRefund(tx, orderId, refundId, { status: 'failed' })),
  },
)

/** The refund when it still has to be sent; one that failed before is open again. */
async function claimRefund(tx: Tx, orderId: string, refundId: string): Promise<Refund | undefined> {
  if ((await lockOrder(tx, orderId)) === undefined) return undefined
  const refund = await findRefund(tx.db, orderId, refundId)
  if (refund?.status !== 'pending' && refund?.status !== 'failed') return undefined
  await tx.db
    .updateTable('jastip_refunds')
    .set({ status: 'pending', attempts: refund.attempts + 1, updated_at: tx.now })
    .where('order_id', '=', orderId)
    .where('id', '=', refundId)
    .execute()
  if (refund.status === 'failed') await settleRefunds(tx, orderId)
  return refund
}

async function callGateway(deps: JastipDeps, refund: Refund, run: OutsideRun): Promise<void> {
  if (deps.paymentProvider === undefined) throw new Error('there is no payment gateway to send the refund to')
  if (refund.providerPaymentId === null) throw new Error(`payment ${refund.paymentId} has no id at the gateway`)
  const request = { key: refund.id, paymentId: refund.providerPaymentId, amount: refund.amount }
  const { status, providerRefundId } = await deps.paymentProvider.refund(request, run.signal)
  if (status === 'declined') throw new Error('the payment gateway declined the refund')
  await run.complete(async tx => {
    if (status === 'succeeded') await finishRefund(tx, refund.orderId, refund.id, { status, providerRefundId })
    else await notePending(tx, refund, providerRefundId)
  })
}

/** The gateway's signed webhook ends it. */
async function notePending(tx: Tx, refund: Refund, providerRefundId: string | null): Promise<void> {
  await tx.db
    .updateTable('jastip_refunds')
    .set({ provider_refund_id: providerRefundId, updated_at: tx.now })
    .where('order_id', '=', refund.orderId)
    .where('id', '=', refund.id)
    .execute()
}

async function tellOwner(tx: Tx, refund: Refund): Promise<void> {
  const order = await getJastipOrder(tx.db, refund.orderId)
  const told = { id: order.id, version: order.version, ownerId: order.ownerId, customerRef: order.guestId }
  const data = { amount: refund.amount }
  await notify(tx, [{ event: 'refund_owed', to: 'owner', order: told, data, occasion: refund.id }])
}
