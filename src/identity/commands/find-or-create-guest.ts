import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'
import { hashContact } from '../phone.ts'

/** `phone` is E.164, as `normalizePhone` returns it. */
export type GuestContact = {
  phone: string
  name: string
  email?: string | undefined
  language?: 'id' | 'en' | undefined
}

/**
 * The guest of a phone, made when it is new: one guest per phone, also when many arrive at once. An empty e-mail is
 * filled; an e-mail, name or language that is there stays, since a public request proves nothing. The guest's row stays
 * locked until the transaction ends.
 */
export async function findOrCreateGuest(
  tx: Tx,
  contactHmacKey: string,
  contact: GuestContact,
): Promise<{ id: string }> {
  return await tx.db
    .insertInto('guests')
    .values({
      id: newId(),
      contact_hash: hashContact(contactHmacKey, contact.phone),
      phone: contact.phone,
      name: contact.name,
      email: contact.email || null,
      language: contact.language ?? 'id',
      first_visit_at: tx.now,
      last_activity_at: tx.now,
    })
    .onConflict(known =>
      known.column('contact_hash').doUpdateSet(({ fn, ref }) => ({
        email: fn.coalesce(ref('guests.email'), ref('excluded.email')),
        last_activity_at: tx.now,
      })),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
}
