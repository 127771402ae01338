import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/tx.ts'

export type Language = 'id' | 'en'
export type Recipient = { type: 'guest' | 'user'; id: string }

/** A message as its template sees it, while it is being sent. */
export type NotificationRow = Readonly<{
  id: string
  orderId: string | null
  recipient: Recipient
  event: string
  /** As the recipient wants it now. */
  language: Language
  data: Readonly<Record<string, unknown>>
  createdAt: Date
}>

/**
 * Makes a fresh link for the buyer of an order: the token is issued in the transaction that renders the message, revokes
 * the earlier one of its purpose, and stands nowhere in clear but in the text.
 */
export type MintLink = (orderId: string, guestId: string, purpose: 'checkout' | 'order') => Promise<string>

/** The text of one event, in both languages and for each kind of recipient. Flows export theirs. */
export type Template = Readonly<{
  event: string
  /** Reads what it needs besides the row; `obsolete` when there is nothing left to say. Runs again with every attempt. */
  render(db: Db, row: NotificationRow, mintLink: MintLink): Promise<string | 'obsolete'>
}>

/** What senders need of deps. */
export type NotifyDeps = {
  config: Pick<
    Config,
    'APP_TIMEZONE' | 'PUBLIC_URL' | 'WHATSAPP_BASE_URL' | 'WHATSAPP_PHONE_NUMBER_ID' | 'WHATSAPP_TOKEN'
  >
  /** By event. */
  templates: ReadonlyMap<string, Template>
}
