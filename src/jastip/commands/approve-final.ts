import { revokeGuestTokens } from '../../identity/index.ts'
import { advanceOne } from '../../orders/index.ts'
import { conflict } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'
import { jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import type { JastipOrder } from '../queries/orders.ts'
import { isConfirmedByGateway } from '../queries/payments.ts'
import { closePayments } from './close-payments.ts'
import { finalDeadline } from './final-deadline.ts'
import { markPaid } from './mark-paid.ts'

/** The owner has the final payment: the order is paid and its stock sold. @throws AppError 409 `order_wrong_state` */
export async function approveFinal(tx: Tx, order: JastipOrder, by: string): Promise<void> {
  const moved = await advanceOne(tx, jastip, 'approve_final', order.id)
  await noteJudge(tx, order.id, by)
  await closePayments(tx, [order.id], { kind: 'final', from: 'claimed', to: 'succeeded' })
  await markPaid(tx, moved)
}

/**
 * The proof does not convince the owner: the buyer gets a new link, earlier ones are void, and the time to pay starts
 * anew. The refused proof stays. @throws AppError 409 `order_wrong_state`, `final_confirmed_by_gateway`
 */
export async function rejectFinal(tx: Tx, order: JastipOrder, given: { by: string; reason: string }): Promise<void> {
  const { by, reason } = given
  const moved = await advanceOne(tx, jastip, 'reject_final', order.id, { reason, deadlineAt: finalDeadline(tx, order) })
  // Read after the move, which holds the order's lock: a webhook came before it or waits for its commit.
  if (await isConfirmedByGateway(tx.db, order.id, 'final')) {
    throw conflict('final_confirmed_by_gateway', 'The gateway reported the final payment: it did come')
  }
  await noteJudge(tx, order.id, by)
  await closePayments(tx, [order.id], { kind: 'final', from: 'claimed', to: 'refused' })
  await revokeGuestTokens(tx, [order.id])
  await notify(tx, [{ event: 'final_rejected', to: 'buyer', order: moved, data: { reason } }])
}

async function noteJudge(tx: Tx, orderId: string, by: string): Promise<void> {
  await tx.db
    .updateTable('jastip_orders')
    .set({ final_validated_at: tx.now, final_validated_by: by })
    .where('order_id', '=', orderId)
    .execute()
}
