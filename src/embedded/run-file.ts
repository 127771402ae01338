import { renameSync, writeFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { HOME, openHome } from './home.ts'
import { commandOf, isAlive } from './lock-file.ts'
import { refusal } from './refusal.ts'

const runSchema = z.object({
  /** Of the `npm start` that wrote it. */
  pid: z.number().int(),
  ready: z.boolean(),
  apiUrl: z.string(),
  databaseUrl: z.string().optional(),
  redisUrl: z.string().optional(),
  whatsappUrl: z.string().optional(),
  paymentsUrl: z.string().optional(),
  /** Process ids of what it runs, by name: api, worker, simulators, postgres, redis. */
  pids: z.record(z.string(), z.number().int()),
})

/** What a running `npm start` of this checkout runs, for the commands that work with it. */
export type Run = z.infer<typeof runSchema>

const fileOf = (home: string) => join(home, 'run.json')

/** What the file says, also when that `npm start` is gone. */
async function readRunFile(home: string = HOME): Promise<Run | undefined> {
  const text = await readFile(fileOf(home), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return runSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** The `npm start` of this checkout that runs now. */
export async function findRun(home: string = HOME): Promise<Run | undefined> {
  const run = await readRunFile(home)
  return run && (await isStart(run.pid)) ? run : undefined
}

/** A process id alone proves nothing: after a kill the system may have given it to something else. */
async function isStart(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (pid === process.pid || process.platform === 'win32') return true
  return (await commandOf(pid)).includes('start.ts')
}

/**
 * Takes the folder for this process: throws a refusal when another `npm start` has it. Returns what an earlier one
 * wrote that died without tidying up.
 */
export async function takeRunFile(run: Run, home: string = HOME): Promise<Run | undefined> {
  await openHome(home)
  const left = await readRunFile(home)
  const other = await findRun(home)
  if (other && other.pid !== run.pid) throw alreadyRuns(other)
  await rm(fileOf(home), { force: true })
  try {
    // Exclusive: of two that start in the same moment one fails here.
    await writeFile(fileOf(home), textOf(run), { mode: 0o600, flag: 'wx' })
  } catch {
    throw alreadyRuns((await readRunFile(home)) ?? run)
  }
  return left
}

function alreadyRuns(run: Run): Error {
  return refusal(`Antre already runs from this folder, at ${run.apiUrl} (process ${run.pid}): stop it first`)
}

/**
 * Replaces the file, which holds the password of the embedded Postgres: only this user may read it. Synchronous, so
 * that of two changes in a row the later one stays.
 */
export function writeRunFile(run: Run, home: string = HOME): void {
  const fresh = `${fileOf(home)}.new`
  writeFileSync(fresh, textOf(run), { mode: 0o600 })
  renameSync(fresh, fileOf(home))
}

/** Removes the file when it is still ours. */
export async function removeRunFile(home: string = HOME): Promise<void> {
  const run = await readRunFile(home)
  if (run?.pid === process.pid) await rm(fileOf(home), { force: true })
}

const textOf = (run: Run) => `${JSON.stringify(run, null, 2)}\n`
