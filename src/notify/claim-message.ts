import { sql } from 'kysely'
import { Permanent } from '../platform/job.ts'
import type { Tx } from '../platform/tx.ts'
import { mintGuestLink } from './links.ts'
import { giveBackPlace, takePlace } from './quota.ts'
import type { Language, NotificationRow, NotifyDeps } from './template.ts'
import type { WhatsappMessage } from './whatsapp.ts'

export type Claimed =
  | { to: 'send'; baseUrl: string; message: WhatsappMessage }
  /** Too early: the daily limit is reached. */
  | { to: 'wait'; seconds: number }
  /** It was sent, or is not to be sent: the row says which. */
  | { to: 'skip' }

/**
 * Decides whether the message is still due, takes its place of the day and renders it. Its link is minted here, in a
 * transaction of its own before the call, so that the token is good when the text arrives.
 */
export async function claimMessage(tx: Tx, deps: NotifyDeps, id: string): Promise<Claimed> {
  const row = await findDue(tx, id)
  if (row === undefined) return { to: 'skip' }
  const baseUrl = deps.config.WHATSAPP_BASE_URL
  if (baseUrl === undefined) return await close(tx, id, 'suppressed', 'not_configured')
  if (!row.isWanted) return await close(tx, id, 'suppressed', 'channel_off')
  if (row.phone === null) return await close(tx, id, 'suppressed', 'no_address')
  if (row.notBefore !== null && row.notBefore > tx.now) return wait(tx, row.notBefore)
  const template = deps.templates.get(row.event)
  if (template === undefined) throw new Permanent(`there is no text for the event ${row.event}`)

  const timezone = deps.config.APP_TIMEZONE
  const place = await takePlace(tx, timezone, row)
  if (!place.taken) return await delay(tx, id, place.until)
  const text = await template.render(tx.db, row, (orderId, guestId, purpose) =>
    mintGuestLink(tx, deps.config, { orderId, guestId, purpose }),
  )
  if (text === 'obsolete') {
    if (place.fresh) await giveBackPlace(tx, timezone, row)
    return await close(tx, id, 'obsolete', null)
  }
  return { to: 'send', baseUrl, message: { to: row.phone, template: row.event, language: row.language, text } }
}

type DueRow = NotificationRow & { phone: string | null; isWanted: boolean; notBefore: Date | null }

/**
 * Address, language and wish as they are now. A failed row that never reached WhatsApp is due as well: only a redriven
 * dead letter brings its job back.
 */
async function findDue(tx: Tx, id: string): Promise<DueRow | undefined> {
  const { rows } = await sql<DueRow>`
    select message.id, message.order_id as "orderId", message.event, message.data, message.created_at as "createdAt",
           json_build_object('type', message.recipient_type, 'id', message.recipient_id) as recipient,
           coalesce(guest.language, message.language) as language,
           coalesce(guest.phone, users.whatsapp_number) as phone,
           coalesce(guest.notify_whatsapp, true) as "isWanted",
           message.not_before as "notBefore"
    from notifications message
      left join guests guest on message.recipient_type = 'guest' and guest.id = message.recipient_id
      left join users on message.recipient_type = 'user' and users.id = message.recipient_id
    where message.id = ${id} and message.channel = 'whatsapp'
      and (message.status in ('queued', 'delayed') or message.status = 'failed' and message.provider_message_id is null)
  `.execute(tx.db)
  return rows[0]
}

async function close(tx: Tx, id: string, status: 'suppressed' | 'obsolete', reason: string | null): Promise<Claimed> {
  await sql`update notifications set status = ${status}, error = ${reason} where id = ${id}`.execute(tx.db)
  return { to: 'skip' }
}

async function delay(tx: Tx, id: string, until: Date): Promise<Claimed> {
  await sql`update notifications set status = 'delayed', not_before = ${until} where id = ${id}`.execute(tx.db)
  return wait(tx, until)
}

const wait = (tx: Tx, until: Date): Claimed => ({
  to: 'wait',
  seconds: Math.ceil((until.getTime() - tx.now.getTime()) / 1000),
})

/** The message is with WhatsApp under this id. */
export async function recordSent(
  tx: Tx,
  id: string,
  sent: { providerMessageId: string; language: Language },
): Promise<void> {
  await sql`
    update notifications
    set status = 'sent', sent_at = ${tx.now}, provider_message_id = ${sent.providerMessageId}, language = ${sent.language}, error = null
    where id = ${id} and status in ('queued', 'delayed', 'failed')
  `.execute(tx.db)
}

/** The message's job died: nobody will send it unless somebody redrives the dead letter. */
export async function recordFailed(tx: Tx, id: string, error: Error): Promise<void> {
  await sql`
    update notifications set status = 'failed', error = ${error.message.slice(0, 500)}
    where id = ${id} and status in ('queued', 'delayed')
  `.execute(tx.db)
}
