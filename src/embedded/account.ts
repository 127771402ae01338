import { refusal } from './refusal.ts'
import { runCommand } from './run-command.ts'

/** The operating system account that Postgres runs as. */
export type Account = { uid: number; gid: number }

const CANNOT =
  'Postgres refuses to run as root and the user "postgres" could not be created: ' +
  'run Antre as a normal user, or set DATABASE_URL'

/**
 * The account that the embedded Postgres has to run as: none (the own one) unless we are root, which Postgres
 * refuses; then `postgres`, created when missing. Throws a refusal when that is impossible.
 */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const known = await findAccount()
  if (known) return known
  await createAccount()
  const created = await findAccount()
  if (!created) throw refusal(CANNOT)
  return created
}

async function findAccount(): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', 'postgres']), runCommand('id', ['-g', 'postgres'])])
  if (uid.code !== 0 || gid.code !== 0) return undefined
  return { uid: Number(uid.output), gid: Number(gid.output) }
}

async function createAccount(): Promise<void> {
  // Alpine and other busybox systems have addgroup/adduser instead of groupadd/useradd.
  const ways: [string, string[]][] = [
    ['groupadd', ['--system', 'postgres']],
    ['useradd', ['--system', '--gid', 'postgres', '--no-create-home', 'postgres']],
    ['addgroup', ['-S', 'postgres']],
    ['adduser', ['-S', '-D', '-H', '-G', 'postgres', 'postgres']],
  ]
  for (const [program, args] of ways) {
    if (await findAccount()) return
    await runCommand(program, args).catch(() => undefined)
  }
}
