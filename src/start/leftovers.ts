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

/** Longer than API and worker may drain and the guard of the database waits (seconds). */
const PATIENCE_SECONDS = 25

/**
 * Waits until what a killed `npm start` left behind has ended: its guards are already stopping it. What is still there
 * afterwards is killed; an embedded Postgres is stopped properly.
 */
export async function clearLeftovers(left: Run): Promise<void> {
  const end = performance.now() + PATIENCE_SECONDS * 1000
  let alive = await stillRunning(left)
  while (alive.length > 0 && performance.now() < end) {
    await sleep(100)
    alive = await stillRunning(left)
  }
  for (const [name, pid] of alive) process.kill(pid, name === 'postgres' ? 'SIGINT' : 'SIGKILL')
  while (await findRunningServer(POSTGRES_DIR)) await sleep(100)
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
