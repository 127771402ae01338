import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  commandOf,
  findRunningServer,
  HOME,
  isAlive,
  POSTGRES_DIR,
  type Run,
  removeCopies,
  removeDataDir,
} from '../embedded/index.ts'

/** What the command line of each process of a start contains. */
const COMMANDS: Record<string, RegExp> = {
  api: /src.api\.ts/,
  worker: /src.worker\.ts/,
  simulators: /simulators.main\.ts/,
  postgres: /postgres/,
  redis: /redis-server|valkey-server/,
}

/** Longer than API and worker may drain (seconds). */
const PATIENCE_SECONDS = 12

/**
 * Ends what a killed `npm start` left behind. Its guards have already told API and worker to stop; who is still there
 * after the time to drain is killed. Then the stores that they used are stopped properly.
 */
export async function clearLeftovers(left: Run): Promise<void> {
  const isStore = ([name]: [string, number]) => name === 'postgres' || name === 'redis'
  const end = performance.now() + PATIENCE_SECONDS * 1000
  let users = (await stillRunning(left)).filter(found => !isStore(found))
  while (users.length > 0 && performance.now() < end) {
    await sleep(50)
    users = (await stillRunning(left)).filter(found => !isStore(found))
  }
  for (const [, pid] of users) signal(pid, 'SIGKILL')
  for (const [, pid] of (await stillRunning(left)).filter(isStore)) signal(pid, 'SIGINT')
  while (await findRunningServer(POSTGRES_DIR)) await sleep(50)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended in this moment.
  }
}

/** Whether anything is left to wait for. */
export async function hasLeftovers(left: Run): Promise<boolean> {
  return (await stillRunning(left)).length > 0
}

async function stillRunning(left: Run): Promise<[string, number][]> {
  const found: [string, number][] = []
  for (const [name, pid] of Object.entries(left.pids)) {
    // The system may have given the process id to something else.
    if (isAlive(pid) && COMMANDS[name]?.test(await commandOf(pid))) found.push([name, pid])
  }
  return found
}

/** Deletes everything that earlier runs kept, except the run file, which is ours by now. */
export async function deleteEverything(): Promise<void> {
  if (await lstat(POSTGRES_DIR).catch(() => undefined)) await removeDataDir(POSTGRES_DIR)
  await removeCopies()
  const names = await readdir(HOME)
  const doomed = names.filter(name => name !== 'run.json')
  await Promise.all(doomed.map(name => rm(join(HOME, name), { recursive: true, force: true })))
}
