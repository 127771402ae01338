import { ConfigError } from './config.ts'
import { isConnectionError, sqlState } from './errors.ts'

/** One sentence for whoever starts the process, for the failures that are theirs to mend; undefined for defects. */
export function sentenceFor(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.message
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'EADDRINUSE') return `Port ${'port' in error ? error.port : ''} is taken: set PORT to another one.`
  if (code === 'EACCES' && 'port' in error)
    return `Port ${error.port} may not be used by this user: set PORT to another one.`
  if (isConnectionError(error) || ['28P01', '28000', '3D000'].includes(sqlState(error) ?? '')) {
    return `Postgres of DATABASE_URL cannot be used: ${error.message || code}.`
  }
  if (
    /pg-boss is not installed|schema.*does not exist|pg-boss database requires migrations/i.test(error.message) ||
    sqlState(error) === '42P01'
  ) {
    return 'The database is not migrated: run `npm run migrate` first.'
  }
  return undefined
}

/** Runs an entry. A known failure ends the process with one sentence on stderr and code 1; a defect with its stack. */
export async function runEntry(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    const sentence = sentenceFor(error)
    process.stderr.write(`${sentence ?? (error instanceof Error ? error.stack : String(error))}\n`)
    process.exitCode = 1
    process.disconnect?.()
    setTimeout(() => process.exit(1), 500).unref()
  }
}

/**
 * Calls `stop` once, for the first of SIGTERM, SIGINT, pm2's shutdown message or a parent that is gone, and ends the
 * process when it is done.
 */
export function onStopRequest(stop: (reason: string) => Promise<void>): void {
  let asked = false
  const ask = (reason: string) => {
    if (asked) return
    asked = true
    stop(reason).then(
      () => process.exit(0),
      error => {
        process.stderr.write(`stopping failed: ${error instanceof Error ? error.stack : String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', () => ask('SIGTERM'))
  process.once('SIGINT', () => ask('SIGINT'))
  process.on('message', message => {
    if (message === 'shutdown') ask('shutdown')
  })
  process.once('disconnect', () => ask('the parent process ended'))
}
