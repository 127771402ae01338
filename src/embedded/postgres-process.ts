import { spawn } from 'node:child_process'
import { open, readFile, stat } from 'node:fs/promises'
import type { Account } from './account.ts'
import { runCommand } from './run-command.ts'

export type StopMode = 'fast' | 'immediate'

/** One running Postgres server. */
export type ServerProcess = {
  pid: number
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>
  hasEnded(): boolean
  /** What the server logged since it was launched. */
  ownLog(): Promise<string>
  stop(mode: StopMode): Promise<void>
}

/** How long a fast stop may take before it becomes an immediate one, which loses nothing either (seconds). */
const FAST_STOP_LIMIT_SECONDS = 20

/**
 * Launches the server in a process group of its own, so that Ctrl-C in the terminal does not reach it before the
 * processes that use it have drained. It does not keep this process alive.
 */
export async function launchPostgres(options: {
  postgres: string
  pgCtl: string
  args: string[]
  account: Account | undefined
  cwd: string
  logFile: string
}): Promise<ServerProcess> {
  const { account, logFile } = options
  const logStart = (await stat(logFile).catch(() => undefined))?.size ?? 0
  const log = await open(logFile, 'a', 0o600)
  const child = spawn(options.postgres, options.args, {
    ...account,
    cwd: options.cwd,
    env: { ...process.env, LC_MESSAGES: 'C' },
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  let endedFlag = false
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve())).then(() => {
    endedFlag = true
  })
  try {
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  } finally {
    await log.close()
  }
  child.unref()
  const pid = Number(child.pid)
  const kill = (mode: StopMode) => signal(pid, mode, options.pgCtl, account)
  return {
    pid,
    ended,
    hasEnded: () => endedFlag,
    ownLog: async () => (await readFile(logFile)).subarray(logStart).toString(),
    stop: async mode => {
      if (endedFlag) return
      child.ref()
      await kill(mode)
      const harder = setTimeout(() => void kill('immediate').catch(() => undefined), FAST_STOP_LIMIT_SECONDS * 1000)
      await ended
      clearTimeout(harder)
    },
  }
}

async function signal(pid: number, mode: StopMode, pgCtl: string, account: Account | undefined): Promise<void> {
  const name = mode === 'fast' ? 'INT' : 'QUIT'
  // Windows has no signals; pg_ctl sends them by the server's pipe.
  if (process.platform === 'win32') await runCommand(pgCtl, ['kill', name, String(pid)], { account })
  else process.kill(pid, `SIG${name}`)
}
