import { ensureSecrets, over, type Run, refusal, takeRunFile, writeRunFile } from '../embedded/index.ts'
import { bannerOf } from './banner.ts'
import { checkPort } from './check-port.ts'
import { type Addresses, environmentFor, simulatorKeys } from './environment.ts'
import { startService } from './keep-running.ts'
import { clearLeftovers, deleteEverything, hasLeftovers } from './leftovers.ts'
import type { StartOptions } from './options.ts'
import { startProcess } from './process.ts'
import { INTERRUPTED, type Session } from './session.ts'
import type { Settings } from './settings.ts'
import { say, step } from './show.ts'
import { startSimulators } from './simulators.ts'
import { openDatabase, openRedis } from './stores.ts'
import { waitUntilReady } from './wait-until-ready.ts'

/** API and worker drain for 8 s at most (their grace period); then they are killed. */
const STOP_LIMIT_SECONDS = 12

/**
 * Starts everything, in the order in which each part needs the one before, and shows the banner. Everything that runs
 * is in the session. Throws a refusal for whatever the person has to change.
 */
export async function boot(
  session: Session,
  settings: Settings,
  options: StartOptions,
  onDatabaseDeath: () => void,
): Promise<void> {
  const run: Run = { pid: process.pid, ready: false, apiUrl: settings.apiUrl, pids: {} }
  await prepareHome(run, options)
  await checkPort(settings.port, settings.host)
  const given = settings.demo ? over(simulatorKeys(), process.env) : process.env
  const secrets = await ensureSecrets()
  const [database, redis, simulators] = await inParallel([
    openDatabase(settings, session, onDatabaseDeath),
    openRedis(settings, session),
    settings.demo ? startSimulators(session, over(secrets, given)) : undefined,
  ])
  const addresses: Addresses = {
    databaseUrl: database.url,
    redisUrl: redis?.url,
    whatsappUrl: simulators?.whatsappUrl,
    paymentsUrl: simulators?.paymentsUrl,
  }
  const pids = { postgres: database.pid, redis: redis?.pid, simulators: simulators?.pid }
  Object.assign(run, withoutUndefined(addresses), { pids: withoutUndefined(pids) })
  writeRunFile(run)
  const env = environmentFor(given, settings, secrets, addresses)
  await migrate(session, settings, env)
  await startServices(session, env, run)
  await step('everything ready', () => waitUntilReady(settings.apiUrl, session.stopping))
  run.ready = true
  writeRunFile(run)
  say(bannerOf({ settings, database: database.description, redis: redis?.description, ...addresses }))
}

async function prepareHome(run: Run, options: StartOptions): Promise<void> {
  const left = await takeRunFile(run)
  if (left && (await hasLeftovers(left))) {
    say('  an earlier start was killed: waiting until what it left has ended')
    await step('it has', () => clearLeftovers(left))
  }
  if (options.reset) await step('all data deleted', deleteEverything)
}

async function migrate(session: Session, settings: Settings, env: NodeJS.ProcessEnv): Promise<void> {
  const what = settings.demo ? 'migrations and demo data' : 'migrations'
  const args = settings.demo ? ['--demo'] : []
  await step(what, async () => {
    const migration = await startProcess({ name: 'migrate', script: 'src/migrate.ts', args, env })
    await session.add({ name: 'migrate', stop: () => migration.stop(STOP_LIMIT_SECONDS), kill: migration.kill })
    const failed = migration.ready.then(
      () => '',
      (error: Error) => error.message,
    )
    const how = await migration.ended
    if (session.stopping.aborted) throw INTERRUPTED
    if (how !== 'exit code 0') throw refusal(`The migration failed: ${await failed}`)
    migration.showWarnings()
  })
}

/** API and worker start and stop together: neither needs the other. */
async function startServices(session: Session, env: NodeJS.ProcessEnv, run: Run): Promise<void> {
  const keepPid = (name: string) => (pid: number) => {
    run.pids[name] = pid
    writeRunFile(run)
  }
  await step('API and worker', async () => {
    const services = await Promise.all([
      startService({ name: 'api', script: 'src/api.ts', env }, keepPid('api')),
      startService({ name: 'worker', script: 'src/worker.ts', env }, keepPid('worker')),
    ])
    await session.add({
      name: 'API and worker',
      stop: async () => void (await Promise.all(services.map(service => service.stop(STOP_LIMIT_SECONDS)))),
      kill: () => {
        for (const service of services) service.kill()
      },
    })
    const [api, worker] = services
    await Promise.all([named('The API', api.ready), named('The worker', worker.ready)])
  })
}

async function named(name: string, ready: Promise<void>): Promise<void> {
  await ready.catch(error => {
    throw refusal(`${name} did not start: ${error.message}`)
  })
}

/** Waits for all of them even when one fails: nobody may be left starting while we already stop. */
async function inParallel<T extends readonly unknown[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

function withoutUndefined<T>(record: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
