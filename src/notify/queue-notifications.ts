import { sql } from 'kysely'
import { newId } from '../platform/ids.ts'
import type { Tx } from '../platform/tx.ts'
import { sendWhatsapp } from './jobs.ts'
import type { Recipient } from './template.ts'

export type NewNotification = {
  orderId: string | null
  recipient: Recipient
  event: string
  /** What makes this message one of its kind for its event and recipient: mostly `<order id>:<version>`. */
  occasion: string
  /** Facts of the moment that the text needs and that may change before it is sent; never a token. */
  data?: Record<string, unknown>
}

/**
 * Logs the messages, in the caller's transaction, and enqueues their sending: one statement and one enqueue for any
 * number. A message that was logged before is left out. A recipient who turned WhatsApp off or has no number gets a row
 * `suppressed` and no job. Users get an in-app row besides.
 */
export async function queueNotifications(tx: Tx, notifications: readonly NewNotification[]): Promise<void> {
  if (notifications.length === 0) return
  const wanted = notifications.map(({ orderId, recipient, event, occasion, data }) => ({
    id: newId(),
    order_id: orderId,
    recipient_type: recipient.type,
    recipient_id: recipient.id,
    event,
    dedupe_key: `${occasion}:${event}:${recipient.type}:${recipient.id}:whatsapp`,
    data: data ?? {},
  }))
  const { rows } = await sql<{ id: string; orderId: string | null }>`
    with logged as (
      insert into notifications
        (id, order_id, recipient_type, recipient_id, channel, event, language, data, dedupe_key, status, created_at, error)
      select wanted.id, wanted.order_id, wanted.recipient_type, wanted.recipient_id, 'whatsapp', wanted.event,
             coalesce(guest.language, 'id'), wanted.data, wanted.dedupe_key,
             case when reason is null then 'queued' else 'suppressed' end, ${tx.now}, reason
      from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as wanted
             (id uuid, order_id uuid, recipient_type text, recipient_id uuid, event text, data jsonb, dedupe_key text)
        left join guests guest on wanted.recipient_type = 'guest' and guest.id = wanted.recipient_id
        left join users on wanted.recipient_type = 'user' and users.id = wanted.recipient_id
        cross join lateral (select case
          when not guest.notify_whatsapp then 'channel_off'
          when coalesce(guest.phone, users.whatsapp_number) is null then 'no_address' end as reason) as judged
      on conflict (dedupe_key) do nothing
      returning id, recipient_type, recipient_id, order_id, event, data, status
    ), told as (
      insert into notify_inbox (user_id, order_id, event, data, created_at)
      select recipient_id, order_id, event, data, ${tx.now} from logged where recipient_type = 'user' order by id
    )
    select id, order_id as "orderId" from logged where status = 'queued' order by id
  `.execute(tx.db)
  await tx.enqueue(
    sendWhatsapp,
    rows.map(({ id, orderId }) => ({ notificationId: id, orderId })),
  )
}
