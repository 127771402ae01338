import { sql } from 'kysely'
import type { MintLink, NotificationRow, Template } from '../notify/index.ts'
import type { Db } from '../platform/tx.ts'
import type { Breakdown } from './fees.ts'
import type { JastipStatus } from './flow.ts'
import { EVENTS, type NoticeEvent } from './notices.ts'
import { type Language, REASONS, REFUND_NOTES, TEXTS, type Text, WHAT } from './texts.ts'

/**
 * The status in which the order waits for what the message asks of its buyer: only then it carries a link. A message
 * that is sent late would otherwise revoke the link of a newer one.
 */
const ASKED_IN: Partial<Record<NoticeEvent, JastipStatus>> = {
  order_created: 'pending_dp',
  accepted: 'awaiting_final_payment',
  final_rejected: 'awaiting_final_payment',
}

/** The messages of jastip; times in them are shown in `timeZone`. */
export const jastipTemplates = (timeZone: string): Template[] =>
  EVENTS.map(event => ({ event, render: (db, row, mintLink) => render(db, event, row, mintLink, timeZone) }))

type Facts = {
  code: string
  status: JastipStatus
  name: string
  trip: string
  jastiper: string
  guestId: string
  dpAmount: string
  remainingAmount: string | null
  breakdown: Breakdown | null
  reason: string | null
  refundStatus: string
}

async function render(db: Db, event: NoticeEvent, row: NotificationRow, mintLink: MintLink, timeZone: string) {
  const { orderId, language, recipient } = row
  const texts = TEXTS[event]
  const facts = orderId === null ? undefined : await findFacts(db, orderId)
  if (orderId === null || facts === undefined) return 'obsolete'
  const text = (recipient.type === 'user' ? (texts.owner ?? texts.buyer) : texts.buyer)[language]
  const link = ASKED_IN[event] === facts.status ? await mintLink(orderId, facts.guestId, 'order') : ''
  const refundNote = fill(refundNoteOf(event, facts, language), { dp: money(facts.dpAmount, language) })
  return fill(text, { ...words(facts, row, timeZone), link, refundNote })
}

function words(facts: Facts, row: NotificationRow, timeZone: string): Record<string, string> {
  const { language, data } = row
  const { breakdown } = facts
  const amount = (value: unknown) => money(value, language)
  return {
    code: facts.code,
    name: facts.name,
    trip: facts.trip,
    jastiper: facts.jastiper,
    dp: amount(facts.dpAmount),
    remaining: amount(facts.remainingAmount),
    subtotal: amount(breakdown?.subtotal),
    markup: amount(breakdown?.markup),
    shipping: amount(breakdown?.shippingFee),
    service: amount(breakdown?.serviceFee),
    commission: amount(breakdown?.platformCommission),
    total: amount(breakdown?.totalFinal),
    amount: amount(data.amount),
    deadline: moment(data.deadline, language, timeZone),
    reason: reasonOf(data.reason ?? facts.reason, language),
    what: WHAT[String(data.what)]?.[language] ?? '',
  }
}

function reasonOf(reason: unknown, language: Language): string {
  const known: Text | undefined = REASONS[String(reason)]
  return known?.[language] ?? String(reason ?? '')
}

function refundNoteOf(event: NoticeEvent, facts: Facts, language: Language): string {
  if (facts.refundStatus !== 'none') return REFUND_NOTES.owed[language]
  return event === 'rejected' ? REFUND_NOTES.notReceived[language] : ''
}

const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? '').trim()

/** `Rp 453.793` or `IDR 453,793`; amounts are whole rupiah. */
function money(value: unknown, language: Language): string {
  const number = new Intl.NumberFormat(language === 'id' ? 'id-ID' : 'en-US', { maximumFractionDigits: 0 })
  return `${language === 'id' ? 'Rp' : 'IDR'} ${number.format(Number(value ?? 0))}`
}

function moment(value: unknown, language: Language, timeZone: string): string {
  const at = new Date(String(value))
  if (Number.isNaN(at.getTime())) return ''
  const format = new Intl.DateTimeFormat(language === 'id' ? 'id-ID' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone,
  })
  return format.format(at)
}

/** By the primary keys. */
async function findFacts(db: Db, orderId: string): Promise<Facts | undefined> {
  const { rows } = await sql<Facts>`
    select o.code, o.status, j.buyer_name as name, t.title as trip, coalesce(u.profile_name, u.full_name) as jastiper,
      j.guest_id as "guestId", j.dp_amount as "dpAmount", j.remaining_amount as "remainingAmount", j.breakdown,
      j.rejection_reason as reason, j.refund_status as "refundStatus"
    from orders o
    join jastip_orders j on j.order_id = o.id
    join jastip_trips t on t.id = j.trip_id
    join users u on u.id = t.jastiper_id
    where o.id = ${orderId}
  `.execute(db)
  return rows[0]
}
