/** `npm start`: everything on one machine, until Ctrl-C. */
import { isRefusal, removeRunFile } from './embedded/index.ts'
import { boot } from './start/boot.ts'
import { HELP, readOptions } from './start/options.ts'
import { openSession } from './start/session.ts'
import { checkNode, readSettings } from './start/settings.ts'
import { red, say } from './start/show.ts'

/** npm hands a Ctrl-C on that the terminal has already sent to us: what follows so soon is no second one (ms). */
const SAME_KEYSTROKE_MS = 1000

const session = openSession()
let booting: Promise<void> = Promise.resolve()
let firstSignalAt: number | undefined

async function start(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return void process.stdout.write(HELP)
  checkNode(process.versions.node)
  const settings = await readSettings(process.env, options)
  listenForTheEnd()
  say('Starting Antre')
  booting = boot(session, settings, options, () => {
    if (!session.stopping.aborted)
      void fail('the embedded Postgres ended by itself; its log is .antre/logs/postgres.log')
  })
  await booting
}

function listenForTheEnd(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  // The terminal, or the program that reads our output, may go before we do.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)
  if (!process.env.npm_lifecycle_event) return
  // Some shells between npm and us die of a signal that was sent to npm without handing it on.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && firstSignalAt === undefined && onSignal(), 500).unref()
}

function onSignal(): void {
  if (firstSignalAt === undefined) {
    firstSignalAt = performance.now()
    say('\nStopping: what runs is finished first (Ctrl-C again ends everything at once)')
    void end(0)
  } else if (performance.now() - firstSignalAt > SAME_KEYSTROKE_MS) {
    session.kill()
    void removeRunFile().finally(() => process.exit(130))
  }
}

async function fail(sentence: string): Promise<void> {
  process.stderr.write(`${red('Antre cannot run:')} ${sentence}\n`)
  await end(1)
}

async function end(code: number): Promise<void> {
  await session.stop()
  // What was just being started ends as soon as the session hears of it.
  await booting.catch(() => undefined)
  await removeRunFile().catch(() => undefined)
  if (code === 0) say('Stopped.')
  process.exit(code)
}

try {
  await start()
} catch (error) {
  // A start that was interrupted fails wherever it was; the signal already ends everything.
  if (!session.stopping.aborted) await fail(sentenceOf(error))
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isForPeople = isRefusal(error) || error.name === 'ConfigError'
  return isForPeople ? error.message : `unexpected ${error.name}: ${error.message}`
}
