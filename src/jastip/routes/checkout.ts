import { z } from 'zod'
import { normalizePhone } from '../../identity/index.ts'
import { guestLink } from '../../notify/index.ts'
import { type Call, type Route, route } from '../../platform/http.ts'
import { toAmount } from '../../platform/money.ts'
import { inTransaction } from '../../platform/tx.ts'
import { checkOut } from '../commands/check-out.ts'
import { createPayment } from '../commands/create-payment.ts'
import type { JastipDeps } from '../deps.ts'
import { checkoutBody, type IdParams, idParams, type OrderParams, orderParams, paymentBody } from '../inputs.ts'
import { getJastipOrder } from '../queries/orders.ts'
import { checkoutShape, orderShape, paymentLinkShape } from '../shapes.ts'
import { viewOrder } from '../view.ts'
import { passOf } from './callers.ts'

type CheckoutBody = z.infer<typeof checkoutBody>

const checkoutSpec = {
  method: 'post',
  who: ['public'],
  answer: checkoutShape,
  status: 201,
  errors: [
    'trip_closed',
    'product_unavailable',
    'stock_insufficient',
    'too_many_open_orders',
    'idempotency_conflict',
    'phone_invalid',
    'address_required',
    'details_required',
    'order_too_large',
  ],
  limit: { points: 30, seconds: 60 },
  idempotent: true,
} as const

/** The token leaves the system here and in messages only. */
async function answerCheckout(deps: JastipDeps, call: Call<unknown, unknown, CheckoutBody>) {
  const { body, actor, idempotencyKey } = call
  const { participantPhone, participantName: name, participantEmail: email, ...wanted } = body
  const phone = normalizePhone(participantPhone, 'participantPhone')
  const context = { idempotencyKey, body, contactHmacKey: deps.config.CONTACT_HMAC_KEY }
  const row = await inTransaction(deps, actor, tx => checkOut(tx, { ...wanted, phone, name, email }, context))
  return {
    data: {
      orderId: row.orderId,
      orderCode: row.orderCode,
      subtotal: toAmount(row.subtotal),
      dpAmount: toAmount(row.dpAmount),
      dpDeadline: row.dpDeadline,
      finalPaymentHours: row.finalPaymentHours,
      uploadToken: row.token,
      uploadLink: guestLink(deps.config, row.sellerSlug, row.token),
      bankAccount: row.bankAccount,
    },
  }
}

const postCheckout = route<JastipDeps, unknown, unknown, CheckoutBody, unknown>(
  { ...checkoutSpec, path: '/api/checkout/dp', summary: 'Order as a guest, down payment due', body: checkoutBody },
  answerCheckout,
)

const orderBody = checkoutBody.extend({ flow: z.literal('jastip') })

const postOrder = route<JastipDeps, unknown, unknown, z.infer<typeof orderBody>, unknown>(
  { ...checkoutSpec, path: '/api/orders', summary: 'The same as POST /api/checkout/dp', body: orderBody },
  (deps, call) => {
    const { flow: _flow, ...body } = call.body
    return answerCheckout(deps, { ...call, body })
  },
)

const getCheckoutOrder = route<JastipDeps, OrderParams, unknown, unknown, unknown>(
  {
    method: 'get',
    path: '/api/checkout/order/:orderId',
    who: ['pass'],
    summary: 'The order as its buyer may see it',
    params: orderParams,
    answer: orderShape,
  },
  async (deps, { actor, params }) => {
    passOf(actor, params.orderId)
    return { data: await viewOrder(deps.db, actor, await getJastipOrder(deps.db, params.orderId)) }
  },
)

const postPayment = route<JastipDeps, IdParams, unknown, z.infer<typeof paymentBody>, unknown>(
  {
    method: 'post',
    path: '/api/orders/:id/payments',
    who: ['pass'],
    summary: 'A payment link of the gateway for what is due',
    params: idParams,
    body: paymentBody,
    answer: paymentLinkShape,
    status: 201,
    errors: ['order_wrong_state', 'gateway_unavailable', 'idempotency_conflict'],
    limit: { points: 10, seconds: 60 },
    idempotent: true,
  },
  async (deps, { actor, params, body, idempotencyKey }) => {
    passOf(actor, params.id)
    const { id, link, expiresAt } = await createPayment(deps, actor, { orderId: params.id, ...body, idempotencyKey })
    return { data: { paymentId: id, paymentLink: link, expiresAt } }
  },
)

export const checkoutRoutes: Route<JastipDeps>[] = [postCheckout, postOrder, getCheckoutOrder, postPayment]
