import { type ChildProcess, spawn } from 'node:child_process'
import { resolve as resolvePath } from 'node:path'
import { guardProcess, ROOT, refusal } from '../embedded/index.ts'
import { prepareLogFile, recordOutput } from './log-file.ts'
import { plainLine, prettyLine } from './log-line.ts'
import { say } from './show.ts'

/** One Node process of Antre. */
export type RunningProcess = {
  pid: number
  /** Resolves with how it ended, such as "exit code 1". */
  ended: Promise<string>
  /** The first message that it sends when it is ready. Rejects with a refusal when it ends before. */
  ready: Promise<unknown>
  /** Shows the warnings that were held back: for a process that never becomes ready because it ends by itself. */
  showWarnings(): void
  /** Asks it to stop and kills it when that takes longer than the limit. */
  stop(limitSeconds: number): Promise<void>
  kill(): void
}

export type ProcessOptions = {
  /** For people and for the log file. */
  name: string
  /** Relative to the checkout. */
  script: string
  args?: string[]
  env: NodeJS.ProcessEnv
  /** Default: .antre/logs. */
  logDir?: string
}

/**
 * Starts a script with the Node that runs us, in a process group of its own: Ctrl-C in the terminal reaches only
 * `npm start`, which stops everything in order. When we are killed ourselves, a guard ends it.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const file = await prepareLogFile(options.name, options.logDir)
  const child = spawn(process.execPath, [resolvePath(ROOT, options.script), ...(options.args ?? [])], {
    cwd: ROOT,
    env: options.env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const ended = endOf(child)
  const shown = showOutput(child, options.name, file)
  const ready = readinessOf(child, ended, () => shown.failure())
  ready.then(shown.open, () => undefined)
  const guard = guardProcess(Number(child.pid), { signal: 'TERM', delaySeconds: 0 })
  void ended.then(() => guard.release())
  return {
    pid: Number(child.pid),
    ended,
    ready,
    showWarnings: shown.open,
    kill: () => void child.kill('SIGKILL'),
    stop: async limitSeconds => {
      child.kill('SIGTERM')
      const harder = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000)
      await ended
      clearTimeout(harder)
    },
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    // Not "exit": the last lines of its output come after that.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}

function readinessOf(child: ChildProcess, ended: Promise<string>, failure: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    void ended.then(how => reject(refusal(failure() || `it ended with ${how}`)))
  })
}

/** Until the process is ready its output is held back: when it fails, its last word alone says why. */
function showOutput(child: ChildProcess, name: string, file: string) {
  const held: string[] = []
  let last = ''
  let isOpen = false
  recordOutput(file, [child.stdout, child.stderr], line => {
    const pretty = prettyLine(name, line)
    if (pretty === undefined) return
    last = plainLine(line) || last
    if (isOpen) say(pretty)
    else held.push(pretty)
  })
  return {
    failure: () => last,
    open: () => {
      isOpen = true
      for (const line of held.splice(0)) say(line)
    },
  }
}
