import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Account } from './account.ts'
import { errorCode } from './error-code.ts'
import { refusal } from './refusal.ts'
import { runCommand } from './run-command.ts'

const PASSWORD_FILE = 'antre-password'

/**
 * Creates the cluster in an empty folder: UTF-8, byte order collation (the same on every system), password login only.
 * The password of the superuser is random and kept in the data folder, which only the server's account can read.
 * Does nothing when the cluster is there; begins again when an earlier creation was cut short.
 */
export async function initialise(options: {
  dataDir: string
  initdb: string
  account: Account | undefined
  sync: boolean
}): Promise<void> {
  const { dataDir, initdb, account, sync } = options
  if (await readPassword(dataDir)) return
  await emptyHalfMade(dataDir)
  const password = randomBytes(24).toString('base64url')
  const secretDir = await mkdtemp(join(tmpdir(), 'antre-initdb-'))
  try {
    const passwordFile = join(secretDir, 'password')
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (account) for (const path of [secretDir, passwordFile]) await chown(path, account.uid, account.gid)
    const args = ['-D', dataDir, '-U', 'postgres', '-E', 'UTF8', '--no-instructions', `--pwfile=${passwordFile}`]
    args.push('--auth=scram-sha-256', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8')
    if (!sync) args.push('--no-sync')
    const done = await runCommand(initdb, args, { account, cwd: dirname(initdb), env: { ...process.env, TZ: 'UTC' } })
    if (done.code !== 0) throw refusal(`The embedded Postgres could not be created: ${lastLine(done.output)}`)
  } finally {
    await rm(secretDir, { recursive: true, force: true })
  }
  await keepPassword(dataDir, password, account)
}

/** The superuser's password, once the cluster is complete: its file is written last. */
export async function readPassword(dataDir: string): Promise<string | undefined> {
  const text = await readFile(join(dataDir, PASSWORD_FILE), 'utf8').catch(error => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw refusal(`The embedded Postgres in ${dataDir} belongs to another user: start Antre as that user`)
  })
  return text?.trim() || undefined
}

async function keepPassword(dataDir: string, password: string, account: Account | undefined): Promise<void> {
  const file = join(dataDir, PASSWORD_FILE)
  await writeFile(file, `${password}\n`, { mode: 0o600 })
  if (account) await chown(file, account.uid, account.gid)
}

async function emptyHalfMade(dataDir: string): Promise<void> {
  const names = await readdir(dataDir)
  if (names.length === 0) return
  // Never empty a folder that initdb did not begin to fill: somebody may have named the wrong one.
  const begun = await stat(join(dataDir, 'PG_VERSION')).catch(() => undefined)
  if (!begun) throw refusal(`${dataDir} is meant for the embedded Postgres but holds other files`)
  await Promise.all(names.map(name => rm(join(dataDir, name), { recursive: true, force: true })))
}

function lastLine(text: string): string {
  return text.split('\n').findLast(line => line.includes('error') || line.includes('FATAL')) ?? text.slice(-300)
}
