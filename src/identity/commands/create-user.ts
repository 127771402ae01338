import { sql } from 'kysely'
import type { Role } from '../../platform/actor.ts'
import { conflict } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'
import { hashPassword } from '../password.ts'
import { requireSlug, slugFromName } from '../slug.ts'
import type { UserView } from '../users.ts'

/** A jastiper without a slug gets one made of the name. */
export type NewUser = { email: string; password: string; fullName: string; role: Role; slug?: string }

/**
 * Adds an account. @throws AppError 409 `email_taken`, `slug_taken`; 422 `slug_invalid`
 */
export async function createUser(tx: Tx, user: NewUser): Promise<UserView> {
  const email = user.email.trim()
  const slug = user.slug === undefined ? slugFor(user) : requireSlug(user.slug)
  const created = await tx.db
    .insertInto('users')
    .values({
      id: newId(),
      email,
      password_hash: await hashPassword(user.password),
      full_name: user.fullName,
      role: user.role,
      slug,
      created_at: tx.now,
      updated_at: tx.now,
    })
    .onConflict(taken => taken.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (created) return { id: created.id, email, fullName: user.fullName, role: user.role, slug }
  throw (await isEmailTaken(tx, email))
    ? conflict('email_taken', 'There is an account with this e-mail')
    : conflict('slug_taken', 'This name is taken')
}

const slugFor = (user: NewUser): string | null => (user.role === 'jastiper' ? slugFromName(user.fullName) : null)

async function isEmailTaken(tx: Tx, email: string): Promise<boolean> {
  const found = await tx.db
    .selectFrom('users')
    .select('id')
    .where(sql`lower(email)`, '=', sql`lower(${email})`)
    .executeTakeFirst()
  return found !== undefined
}
