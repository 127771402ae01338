import type { z } from 'zod'
import type { Actor } from '../../platform/actor.ts'
import { conflict, invalid, notFound } from '../../platform/errors.ts'
import { type Route, route } from '../../platform/http.ts'
import { inTransaction, type Tx } from '../../platform/tx.ts'
import { acceptOrder } from '../commands/accept-order.ts'
import { approveFinal, rejectFinal } from '../commands/approve-final.ts'
import { cancelOrder } from '../commands/cancel-orders.ts'
import { rejectOrder } from '../commands/reject-orders.ts'
import type { JastipDeps } from '../deps.ts'
import { approveFinalBody, cancelBody, type IdParams, idParams, validateBody } from '../inputs.ts'
import { mayViewOrder } from '../page.ts'
import { getJastipOrder, getOwnOrder, type JastipOrder } from '../queries/orders.ts'
import { breakdownShape, orderShape } from '../shapes.ts'
import { viewOrder } from '../view.ts'
import { passOf, userId } from './callers.ts'

const LEAST_REASON = 10

/** @throws AppError 422 `reason_required` */
export function requireReason(reason: string | undefined, path = 'rejectionReason'): string {
  if (reason === undefined || reason.length < LEAST_REASON) {
    throw invalid('reason_required', path, 'a rejection needs a reason of 10 to 500 characters')
  }
  return reason
}

async function showOrder(deps: JastipDeps, actor: Actor, id: string) {
  return await viewOrder(deps.db, actor, await getJastipOrder(deps.db, id))
}

/** @throws AppError 404 for those who may not see it */
export async function getVisibleOrder(deps: JastipDeps, actor: Actor, id: string): Promise<JastipOrder> {
  const order = await getJastipOrder(deps.db, id)
  if (!mayViewOrder(actor, order)) throw notFound('Order')
  return order
}

type ValidateBody = z.infer<typeof validateBody>

const postValidate = route<JastipDeps, IdParams, unknown, ValidateBody, unknown>(
  {
    method: 'post',
    path: '/api/orders/:id/validate',
    who: ['jastiper'],
    summary: 'Accept an order at its final price, or reject it',
    params: idParams,
    body: validateBody,
    answer: orderShape,
    errors: [
      'order_wrong_state',
      'dp_confirmed_by_gateway',
      'shipping_fee_required',
      'shipping_fee_without_goods',
      'not_whole_rupiah',
      'reason_required',
    ],
  },
  async (deps, { actor, params, body }) => {
    const by = userId(actor)
    await inTransaction(deps, actor, tx => judge(tx, by, params.id, body))
    return { data: await showOrder(deps, actor, params.id) }
  },
)

async function judge(tx: Tx, by: string, orderId: string, body: ValidateBody): Promise<void> {
  const { action, shippingFee, serviceFee, rejectionReason, dpReceived = true } = body
  const order = await getOwnOrder(tx.db, by, orderId)
  if (action === 'accept') await acceptOrder(tx, order, { by, shippingFee, serviceFee })
  else await rejectOrder(tx, orderId, { by, reason: requireReason(rejectionReason), dpReceived })
}

const postApproveFinal = route<JastipDeps, IdParams, unknown, z.infer<typeof approveFinalBody>, unknown>(
  {
    method: 'post',
    path: '/api/orders/:id/approve-final',
    who: ['jastiper'],
    summary: 'Confirm the final payment, or refuse its proof',
    params: idParams,
    body: approveFinalBody,
    answer: orderShape,
    errors: ['order_wrong_state', 'final_confirmed_by_gateway', 'reason_required'],
  },
  async (deps, { actor, params, body }) => {
    const by = userId(actor)
    await inTransaction(deps, actor, async tx => {
      const order = await getOwnOrder(tx.db, by, params.id)
      if (body.action === 'accept') await approveFinal(tx, order, by)
      else await rejectFinal(tx, order, { by, reason: requireReason(body.rejectionReason) })
    })
    return { data: await showOrder(deps, actor, params.id) }
  },
)

const postCancel = route<JastipDeps, IdParams, unknown, z.infer<typeof cancelBody>, unknown>(
  {
    method: 'post',
    path: '/api/orders/:id/cancel',
    who: ['pass'],
    summary: 'Call an order off before its down payment; uses up the link',
    params: idParams,
    body: cancelBody,
    answer: orderShape,
    errors: ['order_wrong_state', 'token_used'],
  },
  async (deps, { actor, params, body }) => {
    const { tokenId } = passOf(actor, params.id)
    await inTransaction(deps, actor, tx => cancelOrder(tx, params.id, { tokenId, ...body }))
    return { data: await showOrder(deps, actor, params.id) }
  },
)

const getBreakdown = route<JastipDeps, IdParams, unknown, unknown, unknown>(
  {
    method: 'get',
    path: '/api/orders/:id/breakdown',
    who: ['jastiper', 'pass', 'admin'],
    summary: 'What an accepted order costs, as it was fixed at accept',
    params: idParams,
    answer: breakdownShape,
    errors: ['not_accepted_yet'],
  },
  async (deps, { actor, params }) => {
    const { breakdown } = await getVisibleOrder(deps, actor, params.id)
    if (breakdown === null) throw conflict('not_accepted_yet', 'The order has no final price yet')
    return { data: breakdown }
  },
)

export const orderRoutes: Route<JastipDeps>[] = [postValidate, postApproveFinal, postCancel, getBreakdown]
