import { sql } from 'kysely'
import { ROLES, type Role } from '../platform/actor.ts'
import type { Db } from '../platform/tx.ts'
import { invalidToken } from './signed-token.ts'

/** What a user may know of their own account. */
export type UserView = { id: string; email: string; fullName: string; role: Role; slug: string | null }

export type Account = UserView & { passwordHash: string; isActive: boolean }

const columns = [
  'id',
  'email',
  'full_name as fullName',
  'role',
  'slug',
  'password_hash as passwordHash',
  'is_active as isActive',
] as const

/** The account behind an e-mail in any case of letters, or undefined. */
export async function findAccount(db: Db, email: string): Promise<Account | undefined> {
  const row = await db
    .selectFrom('users')
    .select(columns)
    .where(sql`lower(email)`, '=', sql`lower(${email})`)
    .executeTakeFirst()
  return row && { ...row, role: toRole(row.role) }
}

/** The user, with the database's time. @throws AppError 401 `token_invalid` when gone or deactivated */
export async function getActiveUser(db: Db, id: string): Promise<UserView & { now: Date }> {
  const row = await db
    .selectFrom('users')
    .select(['id', 'email', 'full_name as fullName', 'role', 'slug', sql<Date>`pgboss.job_now()`.as('now')])
    .where('id', '=', id)
    .where('is_active', '=', true)
    .executeTakeFirst()
  if (!row) throw invalidToken()
  return { ...row, role: toRole(row.role) }
}

/** The column's check constraint holds the same list. */
function toRole(text: string): Role {
  const role = ROLES.find(known => known === text)
  if (role === undefined) throw new Error(`unknown role ${text}`)
  return role
}

export const toUserView = ({ id, email, fullName, role, slug }: UserView): UserView => ({
  id,
  email,
  fullName,
  role,
  slug,
})
