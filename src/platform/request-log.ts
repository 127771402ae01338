import type { IncomingMessage, ServerResponse } from 'node:http'
import { type HttpLogger, pinoHttp } from 'pino-http'
import { newId } from './ids.ts'
import type { Log } from './log.ts'

/** Query fields whose values may be logged; others could hold a ticket, a phone or a name. */
const PLAIN_QUERY = new Set([
  'limit',
  'cursor',
  'flow',
  'status',
  'sort',
  'from',
  'to',
  'fresh',
  'kind',
  'state',
  'tripId',
])

/**
 * Gives every request an id (the caller's `X-Request-Id` when it is well formed), returns it as a header, and logs one
 * line per request: method, path, status, duration. Never bodies, headers or tokens.
 */
export function logRequests(log: Log): HttpLogger {
  return pinoHttp({
    logger: log,
    genReqId: nameRequest,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'request_id', responseTime: 'duration_ms' },
    autoLogging: { ignore: req => /^\/(api\/health|metrics)/.test(req.url ?? '') },
    customLogLevel: (_req, res) =>
      res.statusCode === 503 || (res.err && res.statusCode < 500) ? 'warn' : levelOf(res.statusCode),
    customSuccessMessage: (req, res) => sentence(req, res),
    customErrorMessage: (req, res) => sentence(req, res),
    serializers: {
      req: (req: { method: string; url: string }) => ({ method: req.method, url: redactQuery(req.url) }),
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
      err: plainError,
    },
  })
}

const levelOf = (status: number) => (status >= 500 ? 'error' : 'info')

const sentence = (req: IncomingMessage, res: ServerResponse): string =>
  `${req.method} ${pathOf(req.url ?? '')} ${res.writableFinished ? res.statusCode : 'left by its caller'}`

const pathOf = (url: string): string => url.split('?')[0] ?? ''

function nameRequest(req: IncomingMessage, res: ServerResponse): string {
  const given = req.headers['x-request-id']
  const id = typeof given === 'string' && /^[A-Za-z0-9._-]{8,128}$/.test(given) ? given : newId()
  res.setHeader('X-Request-Id', id)
  return id
}

/** The URL with the values of its query removed, except of harmless fields. */
export function redactQuery(url: string): string {
  const start = url.indexOf('?')
  if (start < 0) return url
  const fields = [...new URLSearchParams(url.slice(start + 1))]
  const shown = fields.map(([name, value]) => (PLAIN_QUERY.has(name) ? `${name}=${value}` : `${name}=[redacted]`))
  return `${url.slice(0, start)}?${shown.join('&')}`
}

/** Postgres errors carry the row in `detail`: only what names the fault is logged. */
function plainError(error: { type: string; message: string; stack: string; code?: unknown; constraint?: unknown }) {
  const { type, message, stack, code, constraint } = error
  return { type, message, stack, code, constraint }
}
