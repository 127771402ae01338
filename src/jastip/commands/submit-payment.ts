import { advanceOne, type MovedOrder } from '../../orders/index.ts'
import type { Tx } from '../../platform/tx.ts'
import { keepHolds } from '../../stock/index.ts'
import { jastip } from '../flow.ts'
import { notify } from '../notices.ts'
import type { JastipOrder } from '../queries/orders.ts'

export type PaymentKind = 'dp' | 'final'

/**
 * A down payment or a final payment came in, by proof or by the gateway: the order goes to whoever has to check it.
 * @throws AppError 409 `order_wrong_state`
 */
export function submitPayment(tx: Tx, order: JastipOrder, kind: PaymentKind): Promise<MovedOrder> {
  return kind === 'dp' ? submitDp(tx, order) : submitFinal(tx, order)
}

async function submitDp(tx: Tx, order: JastipOrder): Promise<MovedOrder> {
  const { validationSeconds } = order
  const deadline =
    validationSeconds === null ? {} : { deadlineAt: new Date(tx.now.getTime() + validationSeconds * 1000) }
  const moved = await advanceOne(tx, jastip, 'submit_dp', order.id, deadline)
  await tx.db.updateTable('jastip_orders').set({ dp_paid_at: tx.now }).where('order_id', '=', order.id).execute()
  await keepHolds(tx, [order.id])
  await notify(tx, [{ event: 'dp_received', to: 'both', order: moved, data: { deadline: moved.deadlineAt } }])
  return moved
}

async function submitFinal(tx: Tx, order: JastipOrder): Promise<MovedOrder> {
  const moved = await advanceOne(tx, jastip, 'submit_final', order.id)
  await tx.db.updateTable('jastip_orders').set({ next_reminder_at: null }).where('order_id', '=', order.id).execute()
  await notify(tx, [{ event: 'final_received', to: 'both', order: moved }])
  return moved
}
