import { randomBytes } from 'node:crypto'
import { createUser, findOrCreateGuest, type IdentityDeps, issueGuestToken, type NewUser } from '../identity/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'

export const PASSWORD = 'correct-horse-battery'

/** A user of its own e-mail. */
export async function makeUser(deps: IdentityDeps, given: Partial<NewUser> = {}) {
  const email = `user-${randomBytes(5).toString('hex')}@test.antre`
  const user: NewUser = { email, password: PASSWORD, fullName: 'Sari Dewi', role: 'jastiper', ...given }
  return await inTransaction(deps, systemActor('test'), tx => createUser(tx, user))
}

/** A buyer's link to an order that nobody else knows of. */
export async function makeLink(
  deps: IdentityDeps,
  given: { phone?: string; sellerId?: string; orderId?: string } = {},
) {
  const orderId = given.orderId ?? newId()
  const phone = given.phone ?? `+62812${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`
  return await inTransaction(deps, systemActor('test'), async tx => {
    const guest = await findOrCreateGuest(tx, deps.config.CONTACT_HMAC_KEY, { phone, name: 'Budi' })
    const link = { orderId, guestId: guest.id, sellerId: given.sellerId ?? newId(), purpose: 'checkout' } as const
    return { token: await issueGuestToken(tx, link), orderId, guestId: guest.id, phone, last4: phone.slice(-4) }
  })
}
