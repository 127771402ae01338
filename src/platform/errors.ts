export type FieldError = { path: string; message: string }

/**
 * A refusal that the caller should see: becomes an RFC 9457 problem with this status and code. `extra` is merged into
 * the problem document (such as `currentStatus`), so it holds nothing secret.
 */
export class AppError extends Error {
  readonly status: number
  readonly code: string
  readonly errors: FieldError[] | undefined
  readonly extra: Record<string, unknown> | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    more: { errors?: FieldError[]; extra?: Record<string, unknown> } = {},
  ) {
    super(message)
    this.name = 'AppError'
    this.status = status
    this.code = code
    this.errors = more.errors
    this.extra = more.extra
  }
}

export const notFound = (what: string): AppError => new AppError(404, 'not_found', `${what} not found`)
export const forbidden = (message = 'You may not do this'): AppError => new AppError(403, 'forbidden', message)
export const unauthorized = (code = 'unauthorized', message = 'Log in first'): AppError =>
  new AppError(401, code, message)
export const conflict = (code: string, message: string, extra?: Record<string, unknown>): AppError =>
  new AppError(409, code, message, extra ? { extra } : {})

/** 422 that names the field: `path` as in the request body, such as `items.0.quantity`. */
export const invalid = (code: string, path: string, message: string): AppError =>
  new AppError(422, code, message, { errors: [{ path, message }] })

/** The SQLSTATE of a Postgres error, or undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** True for errors of the connection or a server that is starting or stopping: the same work may succeed later. */
export function isConnectionError(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return state.startsWith('08') || state.startsWith('57P')
  const { code, message } = shapeOf(error)
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND)$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    )
  )
}

/** By shape: errors of Node's own modules are no `instanceof Error` of another realm (jest). */
function shapeOf(error: unknown): { code: string; message: string } {
  if (typeof error !== 'object' || error === null) return { code: '', message: '' }
  return { code: 'code' in error ? String(error.code) : '', message: 'message' in error ? String(error.message) : '' }
}

/** True for a transaction that Postgres gave up only because of its neighbours (deadlock, serialization failure). */
export const isTransient = (error: unknown): boolean => ['40P01', '40001', '55P03'].includes(sqlState(error) ?? '')
