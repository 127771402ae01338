import type { MovedOrder } from '../../orders/index.ts'
import type { Tx } from '../../platform/tx.ts'
import { commitHolds } from '../../stock/index.ts'
import { notify } from '../notices.ts'

/** What goes with an order that became paid: its stock is sold, the buyer is told. */
export async function markPaid(tx: Tx, moved: MovedOrder): Promise<void> {
  await tx.db
    .updateTable('jastip_orders')
    .set({ final_paid_at: tx.now, next_reminder_at: null })
    .where('order_id', '=', moved.id)
    .execute()
  await commitHolds(tx, [moved.id])
  await notify(tx, [{ event: 'paid', to: 'buyer', order: moved }])
}
