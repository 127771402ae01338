import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { z } from 'zod'
import { refusal } from '../embedded/index.ts'
import { createUser } from '../identity/index.ts'
import { ROLES } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { withDatabase } from './database.ts'
import { say, tableOf } from './print.ts'

const newUser = z.object({
  email: z.email('needs an e-mail address').max(254),
  name: z.string().trim().min(1).max(200),
  role: z.enum(ROLES, `needs one of ${ROLES.join(', ')}`),
  slug: z.string().optional(),
})
const password = z.string().min(8, 'ANTRE_PASSWORD needs at least 8 characters').max(128)

/** `antre user add|list`. */
export function addUserCommands(program: Command): void {
  const group = program.command('user').description('accounts of sellers and staff').helpCommand(false)
  group
    .command('add')
    .description('add an account; the password comes from ANTRE_PASSWORD, else a new one is shown once')
    .requiredOption('--email <email>', 'with which the person logs in')
    .requiredOption('--name <name>', 'full name')
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--slug <slug>', 'public name of a jastiper (default: made of the name)')
    .action(add)
  group.command('list').description('show every account').action(list)
}

/** Never an argument: the command line of a process can be read by everybody on the machine. */
function readPassword(): { password: string; isNew: boolean } {
  const given = process.env.ANTRE_PASSWORD
  if (!given) return { password: randomBytes(12).toString('base64url'), isNew: true }
  const parsed = password.safeParse(given)
  if (!parsed.success) throw refusal(parsed.error.issues[0]?.message ?? 'ANTRE_PASSWORD cannot be used')
  return { password: parsed.data, isNew: false }
}

async function add(given: unknown): Promise<void> {
  const parsed = newUser.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refusal(`--${String(issue?.path[0])}: ${issue?.message}`)
  }
  const { email, name, role, slug } = parsed.data
  const secret = readPassword()
  const user = await withDatabase(deps =>
    inTransaction(deps, deps.actor, tx =>
      createUser(tx, {
        email,
        password: secret.password,
        fullName: name,
        role,
        ...(slug === undefined ? {} : { slug }),
      }),
    ),
  )
  say(`${user.email} is ${user.role}${user.slug === null ? '' : `, public name ${user.slug}`}.`)
  if (secret.isNew) say(`Password, shown only now: ${secret.password}`)
}

async function list(): Promise<void> {
  const users = await withDatabase(({ db }) =>
    db
      .selectFrom('users')
      .select(['email', 'role', 'full_name as fullName', 'slug', 'is_active as isActive'])
      .orderBy('email')
      .execute(),
  )
  if (users.length === 0) return say('No accounts yet: antre user add --help.')
  const rows = users.map(user => [
    user.email,
    user.role,
    user.isActive ? 'active' : 'inactive',
    user.slug ?? '',
    user.fullName,
  ])
  say(tableOf(['E-MAIL', 'ROLE', 'STATE', 'PUBLIC NAME', 'NAME'], rows))
}
