import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from './error-code.ts'
import { runCommand } from './run-command.ts'

/** The server that runs on a data folder, as its postmaster.pid tells. */
export type RunningServer = { pid: number; port: number }

/**
 * The Postgres server that runs on the folder. A postmaster.pid that a dead server left is removed, also when its pid
 * meanwhile belongs to something else (usual in containers), which Postgres itself would take for a running server.
 */
export async function findRunningServer(dataDir: string): Promise<RunningServer | undefined> {
  const lock = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => undefined)
  if (lock === undefined) return undefined
  const [pid = '', , , port = ''] = lock.split('\n')
  if (await isServerOf(Number(pid), dataDir)) return { pid: Number(pid), port: Number(port) }
  await rm(join(dataDir, 'postmaster.pid'), { force: true })
  return undefined
}

async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return false
  const folder = await realpath(dataDir)
  // A Postgres server works inside of its data folder.
  if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === folder
  if (process.platform === 'win32') return true
  const command = await commandOf(pid)
  return command.includes('postgres') && command.includes(folder)
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user may not be signalled, but it lives.
    return errorCode(error) === 'EPERM'
  }
}

/** The command line of a process, its parts joined by blanks or zero bytes; empty when there is none. */
export async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (process.platform === 'win32') return ''
  return (await runCommand('ps', ['-o', 'command=', '-p', String(pid)])).output
}
