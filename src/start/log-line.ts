import { dim, red, yellow } from './show.ts'

const HIDDEN = new Set(['level', 'time', 'msg', 'name', 'pid', 'hostname', 'err', 'v'])
const WARN = 40
const ERROR = 50

/**
 * What the terminal shows of one line that a process wrote: warnings and errors of its log, and whatever is no log
 * line (a crash of Node itself). Undefined for everything else.
 */
export function prettyLine(process: string, line: string): string | undefined {
  const record = parseRecord(line)
  if (record && !('level' in record)) return undefined
  if (!record) return line.trim() ? `${dim(process)} ${line}` : undefined
  const level = Number(record.level)
  if (level < WARN) return undefined
  const mark = level >= ERROR ? red('error') : yellow('warn')
  return [dim(process), mark, messageOf(record), dim(fieldsOf(record))].filter(Boolean).join(' ')
}

/** The message of a log line, or the line itself: for telling why a process ended. */
export function plainLine(line: string): string {
  const record = parseRecord(line)
  return record ? messageOf(record) : line.trim()
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const record: unknown = JSON.parse(line)
    return record && typeof record === 'object' ? { ...record } : undefined
  } catch {
    return undefined
  }
}

function messageOf(record: Record<string, unknown>): string {
  const { err } = record
  const cause = err && typeof err === 'object' && 'message' in err ? String(err.message) : ''
  const message = typeof record.msg === 'string' ? record.msg : ''
  return cause && !message.includes(cause) ? [message, cause].filter(Boolean).join(': ') : message
}

function fieldsOf(record: Record<string, unknown>): string {
  return Object.entries(record)
    .filter(([name, value]) => !HIDDEN.has(name) && ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
