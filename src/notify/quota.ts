import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../platform/tx.ts'
import type { Recipient } from './template.ts'

/** Transactional WhatsApp messages per recipient and local day. */
const DAILY_LIMIT = 5
/** Waiting rows older than this no longer stand before newer ones: something else is wrong with them. */
const QUEUE_DAYS = 7

export type Place = { taken: true; fresh: boolean } | { taken: false; until: Date }
type Waiting = { id: string; recipient: Recipient; createdAt: Date }

/**
 * Takes one of the recipient's places of this local day for the message, or says that it has to wait for 08:00 of the
 * next day. A retry keeps the place of its day. Older messages of the recipient that still wait go first.
 */
export async function takePlace(tx: Tx, timezone: string, message: Waiting): Promise<Place> {
  const today = sql`(${tx.now}::timestamptz at time zone ${timezone}::text)::date`
  if (await hasPlace(tx, message.id, today)) return { taken: true, fresh: false }
  await lockDay(tx, message.recipient, today)
  if (!(await countUp(tx, timezone, message, today))) return { taken: false, until: await nextMorning(tx, timezone) }
  await sql`update notifications set quota_day = ${today} where id = ${message.id}`.execute(tx.db)
  return { taken: true, fresh: true }
}

/** Gives a place back that was taken in this transaction for a message that is not sent after all. */
export async function giveBackPlace(tx: Tx, timezone: string, message: Waiting): Promise<void> {
  const today = sql`(${tx.now}::timestamptz at time zone ${timezone}::text)::date`
  await sql`
    update notification_quota set sent = sent - 1
    where recipient = ${recipientKey(message.recipient)} and local_day = ${today}
  `.execute(tx.db)
  await sql`update notifications set quota_day = null where id = ${message.id}`.execute(tx.db)
}

const recipientKey = ({ type, id }: Recipient): string => `${type}:${id}`

async function hasPlace(tx: Tx, id: string, today: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql`select from notifications where id = ${id} and quota_day = ${today}`.execute(tx.db)
  return rows.length > 0
}

/** The row is the recipient's lock: who counts next sees what the one before took, the rows that wait included. */
async function lockDay(tx: Tx, recipient: Recipient, today: RawBuilder<unknown>): Promise<void> {
  await sql`
    insert into notification_quota (recipient, local_day) values (${recipientKey(recipient)}, ${today})
    on conflict (recipient, local_day) do update set sent = notification_quota.sent
  `.execute(tx.db)
}

/** One conditional increment. Walks `notifications_waiting` of one recipient. */
async function countUp(tx: Tx, timezone: string, message: Waiting, today: RawBuilder<unknown>): Promise<boolean> {
  const { recipient, createdAt, id } = message
  const { rows } = await sql`
    update notification_quota set sent = sent + 1
    where recipient = ${recipientKey(recipient)} and local_day = ${today}
      and sent + (
        select count(*) from notifications older
        where older.recipient_id = ${recipient.id} and older.recipient_type = ${recipient.type}
          and older.status in ('queued', 'delayed') and older.channel = 'whatsapp'
          and (older.created_at, older.id) < (${createdAt}::timestamptz, ${id}::uuid)
          and older.created_at > ${tx.now}::timestamptz - make_interval(days => ${QUEUE_DAYS})
          and older.quota_day is distinct from ${today}
          and (older.not_before at time zone ${timezone}::text)::date is distinct from ${today} + 1
      ) < ${DAILY_LIMIT}
    returning sent
  `.execute(tx.db)
  return rows.length > 0
}

async function nextMorning(tx: Tx, timezone: string): Promise<Date> {
  const { rows } = await sql<{ at: Date }>`
    select ((${tx.now}::timestamptz at time zone ${timezone}::text)::date + 1 + time '08:00') at time zone ${timezone}::text as at
  `.execute(tx.db)
  const at = rows[0]?.at
  if (at === undefined) throw new Error('the database did not say when the next morning is')
  return at
}
