import { z } from 'zod'
import { type Route, route } from '../../platform/http.ts'
import { inTransaction } from '../../platform/tx.ts'
import { confirmRefund, type RefundConfirmation } from '../commands/confirm-refund.ts'
import type { JastipDeps } from '../deps.ts'
import { confirmRefundBody, type IdParams, idParams } from '../inputs.ts'
import { listRefunds } from '../queries/refunds.ts'
import { refundShape } from '../shapes.ts'
import { viewRefund } from '../view.ts'
import { userId } from './callers.ts'
import { getVisibleOrder, requireReason } from './orders.ts'

const getRefunds = route<JastipDeps, IdParams, unknown, unknown, unknown>(
  {
    method: 'get',
    path: '/api/orders/:id/refunds',
    who: ['jastiper', 'pass', 'admin'],
    summary: 'What goes back to the buyer, and how far it is',
    params: idParams,
    answer: z.array(refundShape),
  },
  async (deps, { actor, params }) => {
    const order = await getVisibleOrder(deps, actor, params.id)
    return { data: (await listRefunds(deps.db, order.id)).map(viewRefund) }
  },
)

const postConfirm = route<JastipDeps, IdParams, unknown, z.infer<typeof confirmRefundBody>, unknown>(
  {
    method: 'post',
    path: '/api/orders/:id/refund/confirm',
    who: ['jastiper'],
    summary: 'A transfer was returned, with its reference, or never came',
    params: idParams,
    body: confirmRefundBody,
    answer: refundShape,
    errors: ['refund_wrong_state', 'reason_required'],
  },
  async (deps, { actor, params, body }) => {
    const ownerId = userId(actor)
    const confirmation = toConfirmation(body)
    return {
      data: viewRefund(await inTransaction(deps, actor, tx => confirmRefund(tx, ownerId, params.id, confirmation))),
    }
  },
)

const toConfirmation = ({ reference, reason }: z.infer<typeof confirmRefundBody>): RefundConfirmation =>
  reference === undefined ? { notReceived: true, reason: requireReason(reason, 'reason') } : { reference }

export const refundRoutes: Route<JastipDeps>[] = [getRefunds, postConfirm]
