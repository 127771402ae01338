import { pino } from 'pino'

export type Log = pino.Logger

/** Structured log to stdout. Secrets never reach it: the paths below are removed, whatever an object carries. */
export function createLog(level: string, name: string): Log {
  const options = {
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'req.headers.authorization',
        'req.headers.cookie',
        '*.password',
        '*.token',
        '*.phone',
        'res.headers["set-cookie"]',
      ],
      remove: true,
    },
  }
  // Synchronous: the asynchronous destination retries for ever at exit when nobody reads the pipe any more, and such a
  // process does not even end on SIGTERM.
  return pino(options, pino.destination({ fd: 1, sync: true }))
}
