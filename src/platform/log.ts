import { pino } from 'pino'

export type Log = pino.Logger

/** Structured log to stdout. Secrets never reach it: the paths below are removed, whatever an object carries. */
export function createLog(level: string, name: string): Log {
  return pino({
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
  })
}
