import { createHash } from 'node:crypto'
import { chown, lstat, mkdir, readlink, realpath, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Account } from './account.ts'
import { isReachable, openShelter, shelterPath } from './reach.ts'

/**
 * Makes the folder for the data of Postgres and returns where it really is. When the account cannot get to `dataDir`,
 * the data lies in the shelter and `dataDir` is a symbolic link to it.
 */
export async function prepareDataDir(dataDir: string, account: Account | undefined): Promise<string> {
  await mkdir(dirname(dataDir), { recursive: true })
  const place = (await existingDir(dataDir)) ?? (await chooseDir(dataDir, account))
  await mkdir(place, { recursive: true, mode: 0o700 })
  if (account) await chown(place, account.uid, account.gid)
  return realpath(place)
}

/** The account that data of an earlier run belongs to: root then goes on as that user. */
export async function ownerOfDataDir(dataDir: string): Promise<Account | undefined> {
  const found = await stat(dataDir).catch(() => undefined)
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined
}

/** A link is followed although it names the shelter of another place: a checkout that was moved keeps its data. */
async function existingDir(dataDir: string): Promise<string | undefined> {
  return (await lstat(dataDir).catch(() => undefined)) ? realpath(dataDir).catch(() => undefined) : undefined
}

async function chooseDir(dataDir: string, account: Account | undefined): Promise<string> {
  if (!account || (await isReachable(dirname(dataDir), account))) return dataDir
  await openShelter()
  const sheltered = shelteredDir(dataDir)
  await rm(dataDir, { force: true })
  await symlink(sheltered, dataDir)
  return sheltered
}

function shelteredDir(dataDir: string): string {
  return join(shelterPath(), `data-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12)}`)
}

/** Deletes the data of a stopped server, wherever it lies, and the link to it. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const target = await readlink(dataDir).catch(() => undefined)
  if (target?.startsWith(dirname(shelterPath()))) await rm(target, { recursive: true, force: true })
  await rm(dataDir, { recursive: true, force: true })
}
