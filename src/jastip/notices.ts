import { type NewNotification, queueNotifications } from '../notify/index.ts'
import type { Tx } from '../platform/tx.ts'

/** Events that people are told of; `templates.ts` has their texts. */
export const EVENTS = [
  'order_created',
  'dp_received',
  'accepted',
  'rejected',
  'final_received',
  'final_rejected',
  'paid',
  'completed',
  'cancelled',
  'expired',
  'refund_owed',
  'refunded',
] as const
export type NoticeEvent = (typeof EVENTS)[number]

/** An order as `advance` returns it. */
type NoticeOrder = { id: string; version: number; ownerId: string | null; customerRef: string | null }

export type Notice = {
  event: NoticeEvent
  to: 'buyer' | 'owner' | 'both'
  order: NoticeOrder
  /** Facts of the moment; everything else is read when the message is sent. */
  data?: Record<string, unknown>
  /** Instead of the order's version: what makes this message one of its kind for event and recipient. */
  occasion?: string
}

/** Tells buyers and owners, one message per event, order version and recipient, in the caller's transaction. */
export async function notify(tx: Tx, notices: readonly Notice[]): Promise<void> {
  await queueNotifications(tx, notices.flatMap(toNotifications))
}

function toNotifications({ event, to, order, data, occasion }: Notice): NewNotification[] {
  const shared = { orderId: order.id, event, occasion: `${order.id}:${occasion ?? order.version}`, data: data ?? {} }
  const made: NewNotification[] = []
  if (to !== 'owner' && order.customerRef !== null) {
    made.push({ ...shared, recipient: { type: 'guest', id: order.customerRef } })
  }
  if (to !== 'buyer' && order.ownerId !== null) made.push({ ...shared, recipient: { type: 'user', id: order.ownerId } })
  return made
}
