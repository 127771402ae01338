import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Account } from './account.ts'
import { ROOT } from './home.ts'
import { refusal } from './refusal.ts'

/** Whether the account may walk down to the path and enter (a folder) or run (a program) it. */
export async function isReachable(path: string, account: Account): Promise<boolean> {
  let place = await realpath(path)
  for (;;) {
    if (!mayPass(await stat(place), account)) return false
    if (place === dirname(place)) return true
    place = dirname(place)
  }
}

function mayPass(place: { mode: number; uid: number; gid: number }, account: Account): boolean {
  if (place.uid === account.uid) return (place.mode & 0o100) !== 0
  if (place.gid === account.gid) return (place.mode & 0o010) !== 0
  return (place.mode & 0o001) !== 0
}

/**
 * The folder, outside of the checkout, for what the postgres account must reach although the checkout lies below a
 * folder that it may not enter (such as /root). One per checkout; not created here.
 */
export function shelterPath(): string {
  return join('/var/lib/antre', createHash('sha256').update(ROOT).digest('hex').slice(0, 12))
}

/** The shelter, created and passable for everybody. */
export async function openShelter(): Promise<string> {
  const shelter = shelterPath()
  try {
    await mkdir(shelter, { recursive: true })
    // Whatever the umask: without the execute bit the postgres account could not pass.
    await chmod(dirname(shelter), 0o755)
    await chmod(shelter, 0o755)
  } catch {
    throw refusal(
      `The user "postgres" may not enter ${ROOT} and ${shelter} cannot be created: move the checkout, or set DATABASE_URL`,
    )
  }
  return shelter
}

/** Deletes the copies of the programs; the next start that needs them copies again. */
export async function removeCopies(): Promise<void> {
  const names = await readdir(shelterPath()).catch(() => [])
  const copies = names.filter(name => name.startsWith('native-'))
  await Promise.all(copies.map(name => rm(join(shelterPath(), name), { recursive: true, force: true })))
}
