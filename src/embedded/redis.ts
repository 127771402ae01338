import { type ChildProcess, spawn } from 'node:child_process'
import { access, constants, mkdir, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { type Guard, guardProcess } from './guard.ts'
import { refusal } from './refusal.ts'

export type EmbeddedRedis = {
  url: string
  /** Of the server that runs now; another one after a restart. */
  readonly pid: number
  stop(): Promise<void>
  /** Stops (when it runs) and starts again on the same port, empty. */
  restart(): Promise<void>
}

export type RedisOptions = {
  /** Working folder of the server; nothing is kept in it. */
  dir: string
  port?: number
  /** Ends the server this many seconds after our own death. */
  guard?: { delaySeconds: number }
}

const READY_LIMIT_SECONDS = 20

/** The Redis or Valkey server on PATH. */
export async function findRedisServer(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    for (const name of ['redis-server', 'valkey-server']) {
      const program = join(folder, name)
      const runs = await access(program, constants.X_OK).then(
        async () => (await stat(program)).isFile(),
        () => false,
      )
      if (runs) return program
    }
  }
  return undefined
}

/** Starts the Redis or Valkey server on PATH without persistence; null when there is none. Returns when it answers. */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis | null> {
  const program = await findRedisServer()
  if (!program) return null
  await mkdir(options.dir, { recursive: true })
  const port = options.port ?? (await freePort())
  let current = await launch(program, port, options)
  const stop = async () => {
    current.guard?.release()
    await end(current.child)
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return Number(current.child.pid)
    },
    stop,
    restart: async () => {
      await stop()
      current = await launch(program, port, options)
    },
  }
}

type Launched = { child: ChildProcess; guard: Guard | undefined }

async function launch(program: string, port: number, options: RedisOptions): Promise<Launched> {
  const network = ['--port', String(port), '--bind', '127.0.0.1', '--protected-mode', 'yes']
  const child = spawn(program, [...network, '--save', '', '--appendonly', 'no', '--dir', options.dir], {
    // A process group of its own: Ctrl-C must not reach it before those who use it have drained.
    detached: true,
    stdio: 'ignore',
  })
  child.on('error', () => undefined)
  child.unref()
  const endTime = performance.now() + READY_LIMIT_SECONDS * 1000
  while (!(await answersPing(port))) {
    if (hasEnded(child)) throw refusal(`${program} ended at once: it may be broken or its port ${port} taken`)
    if (performance.now() > endTime) {
      await end(child)
      throw refusal(`${program} did not answer within ${READY_LIMIT_SECONDS} s`)
    }
    await sleep(10)
  }
  const guard = options.guard && guardProcess(Number(child.pid), { signal: 'TERM', ...options.guard })
  return { child, guard }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('data', data => {
      resolve(data.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

/** A Redis that is paused or busy gets five seconds; it holds nothing that must be kept. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  child.ref()
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const harder = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(harder)
}
