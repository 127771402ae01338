import type { Answer } from './api.ts'
import type { Buyer } from './buyer.ts'
import { failure } from './failure.ts'
import { acceptedShape, anything } from './shapes.ts'
import type { Stage } from './stage.ts'

const SHIPPING_FEE = 32_000
const REASON = 'sold out when we got there'

/** Any judgement at all, whatever the answer. */
export function judge(stage: Stage, buyer: Buyer, body: object): Promise<Answer> {
  return stage.api.call('POST', `/api/orders/${buyer.orderId}/validate`, { token: stage.seller, body })
}

/** The seller takes the order; the buyer learns what is left to pay. */
export async function accept(stage: Stage, buyer: Buyer): Promise<void> {
  const body = { action: 'accept', shippingFee: SHIPPING_FEE }
  const path = `/api/orders/${buyer.orderId}/validate`
  const order = await stage.api.post(acceptedShape, path, { token: stage.seller, body })
  buyer.remaining = order.remainingAmount
}

export async function reject(stage: Stage, buyer: Buyer, dpReceived: boolean): Promise<void> {
  const answer = await judge(stage, buyer, { action: 'reject', rejectionReason: REASON, dpReceived })
  if (answer.status !== 200) throw failure(`rejecting ${buyer.code} was answered with ${answer.status}`)
}

/** Confirms the final payment, or refuses its proof. */
export async function judgeFinal(stage: Stage, buyer: Buyer, action: 'accept' | 'reject'): Promise<void> {
  const body = action === 'accept' ? { action } : { action, rejectionReason: 'the picture shows nothing at all' }
  await stage.api.post(anything, `/api/orders/${buyer.orderId}/approve-final`, { token: stage.seller, body })
}

/** The seller gave a transfer back by hand. */
export async function confirmReturn(stage: Stage, buyer: Buyer): Promise<void> {
  const path = `/api/orders/${buyer.orderId}/refund/confirm`
  await stage.api.post(anything, path, { token: stage.seller, body: { reference: `TRF-${buyer.code}` } })
}
