import { join, resolve } from 'node:path'
import { type Account, postgresAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { ownerOfDataDir, prepareDataDir } from './data-dir.ts'
import { errorMessage } from './error-code.ts'
import { freePort } from './free-port.ts'
import { type Guard, guardProcess } from './guard.ts'
import { findRunningServer } from './lock-file.ts'
import { initialise, readPassword } from './postgres-init.ts'
import { launchPostgres, type ServerProcess, type StopMode } from './postgres-process.ts'
import { ensureDatabase, waitUntilReady } from './postgres-ready.ts'
import { refusal } from './refusal.ts'

export type EmbeddedPostgres = {
  /** Superuser, database `antre`, password login on 127.0.0.1. */
  url: string
  port: number
  /** Of the server that runs now; another one after a restart. */
  readonly pid: number
  dataDir: string
  /** Ends the server. `immediate` is a crash on purpose: the next start recovers. */
  stop(mode?: StopMode): Promise<void>
  /** Stops and starts again on the same port, so that the URL stays. */
  restart(mode?: StopMode): Promise<void>
}

export type PostgresOptions = {
  /** Created on the first start. May become a symbolic link (see `prepareDataDir`). */
  dataDir: string
  /** Server settings over those below, such as `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string>
  /** Default: one that the system has free. */
  port?: number
  /** File to which the server logs; default `server.log` in the data folder. */
  log?: string
  /** Ends the server this many seconds after our own death, when we die without `stop()`; then removes `removeDir`. */
  guard?: { delaySeconds: number; removeDir?: string }
  /** Called when the server ends by itself, not by `stop()` or `restart()`. */
  onEnd?: () => void
}

/** fsync and synchronous_commit stay at Postgres' own default: on. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '400',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/**
 * Starts a Postgres 18 of our own, creating the cluster on the first run, and returns when it accepts connections.
 * Throws a refusal (one sentence) when it cannot run here or already runs on that folder.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const needed = await postgresAccount()
  const account = needed && ((await ownerOfDataDir(options.dataDir)) ?? needed)
  const binaries = await findBinaries(account)
  const dataDir = await prepareDataDir(resolve(options.dataDir), account)
  const running = await findRunningServer(dataDir)
  if (running) {
    throw refusal(`Postgres already runs on ${options.dataDir} (process ${running.pid}, port ${running.port})`)
  }
  await initialise({ dataDir, initdb: binaries.initdb, account, sync: options.settings?.fsync !== 'off' })
  const password = await readPassword(dataDir)
  const cluster: Cluster = { account, binaries, dataDir, password: password ?? '', options }
  const started = options.port ? await launch(cluster, options.port) : await launchOnFreePort(cluster)
  await ensureDatabase(urlOf(cluster, started.port, 'postgres'), 'antre')
  return embeddedOf(cluster, started)
}

type Cluster = {
  account: Account | undefined
  binaries: Binaries
  dataDir: string
  password: string
  options: PostgresOptions
}

type Started = { server: ServerProcess; port: number; guard: Guard | undefined }

function embeddedOf(cluster: Cluster, first: Started): EmbeddedPostgres {
  let current = first
  let wanted = true
  const watch = ({ server }: Started) => {
    void server.ended.then(() => {
      if (!wanted || server !== current.server) return
      current.guard?.release()
      cluster.options.onEnd?.()
    })
  }
  const stop = async (mode: StopMode = 'fast') => {
    wanted = false
    current.guard?.release()
    await current.server.stop(mode)
  }
  watch(first)
  return {
    url: urlOf(cluster, first.port, 'antre'),
    port: first.port,
    get pid() {
      return current.server.pid
    },
    dataDir: cluster.dataDir,
    stop,
    restart: async mode => {
      await stop(mode)
      current = await launch(cluster, first.port)
      wanted = true
      watch(current)
    },
  }
}

async function launchOnFreePort(cluster: Cluster): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(cluster, await freePort())
    } catch (error) {
      // Somebody else may take a free port between asking for it and binding it.
      const taken = errorMessage(error).includes('Address already in use')
      if (!taken || attempt === 5) throw error
    }
  }
}

async function launch(cluster: Cluster, port: number): Promise<Started> {
  const { account, binaries, dataDir, options } = cluster
  const settings = Object.entries({ ...SETTINGS, ...options.settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const server = await launchPostgres({
    ...binaries,
    args: ['-D', dataDir, '-p', String(port), ...settings],
    account,
    cwd: dataDir,
    logFile: options.log ?? join(dataDir, 'server.log'),
  })
  const guard = options.guard && guardProcess(server.pid, { signal: 'INT', ...options.guard })
  if (await waitUntilReady(server, urlOf(cluster, port, 'postgres'))) return { server, port, guard }
  guard?.release()
  const reason = (await server.ownLog()).split('\n').filter(line => /FATAL|could not bind|HINT|error/i.test(line))
  throw refusal(`The embedded Postgres did not start: ${reason.join(' ').slice(0, 500) || 'it logged no reason'}`)
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgres://postgres:${cluster.password}@127.0.0.1:${port}/${database}`
}
