import { STATUS_CODES } from 'node:http'
import { AppError, isConnectionError, isTransient, sqlState } from './errors.ts'

/** An RFC 9457 problem document with its status and headers. */
export type Problem = { status: number; headers: Record<string, string>; body: Record<string, unknown> }

/** What a 503 says that does not know better. */
const RETRY_AFTER_SECONDS = 2

/** 429: the caller may come back after so many seconds. */
export const rateLimited = (seconds: number): AppError =>
  new AppError(429, 'rate_limited', 'Too many requests: wait and try again', { extra: { retryAfterSeconds: seconds } })

/**
 * What a caller is told about an error. An AppError speaks for itself; what Express, the body parser and Postgres throw
 * is translated; everything else is a bare 500. Neither a stack nor SQL ever gets in.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  return fromRequest(error) ?? fromDatabase(error) ?? new AppError(500, 'internal', 'Something went wrong on our side')
}

export function toProblem(error: AppError, requestId: string): Problem {
  const headers: Record<string, string> = {}
  const seconds = error.extra?.retryAfterSeconds ?? (error.status === 503 ? RETRY_AFTER_SECONDS : undefined)
  if (typeof seconds === 'number') headers['Retry-After'] = String(Math.max(1, Math.ceil(seconds)))
  if (error.status === 401) headers['WWW-Authenticate'] = 'Bearer'
  return {
    status: error.status,
    headers,
    body: {
      ...error.extra,
      success: false,
      error: error.message,
      type: `urn:antre:problem:${error.code}`,
      title: STATUS_CODES[error.status] ?? 'Error',
      status: error.status,
      detail: error.message,
      code: error.code,
      ...(error.errors ? { errors: error.errors } : {}),
      instance: requestId,
    },
  }
}

/** Errors of Express and its body parser name a type and a 4xx status; their messages quote the request and stay here. */
function fromRequest(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined
  const type = 'type' in error ? error.type : undefined
  switch (type) {
    case 'entity.parse.failed':
      return new AppError(400, 'malformed_json', 'The body is not valid JSON')
    case 'entity.too.large':
      return new AppError(413, 'too_large', 'The body is larger than this route takes')
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new AppError(415, 'unsupported_media_type', 'The encoding of the body is not supported')
    case 'request.aborted':
    case 'request.size.invalid':
      return new AppError(400, 'incomplete_body', 'The body did not arrive completely')
  }
  if (error instanceof URIError) return new AppError(400, 'malformed_url', 'The path is not correctly encoded')
  const status = 'status' in error && typeof error.status === 'number' ? error.status : 500
  if (status < 400 || status > 499) return undefined
  return new AppError(status, 'bad_request', 'The request could not be read')
}

const INSUFFICIENT_RESOURCES = '53'
const DATA_EXCEPTION = '22'
const QUERY_CANCELED = '57014'

function fromDatabase(error: unknown): AppError | undefined {
  if (isConnectionError(error)) {
    return new AppError(503, 'database_unavailable', 'The database does not answer at the moment: try again shortly')
  }
  const state = sqlState(error)
  if (isTransient(error) || state === QUERY_CANCELED || state?.startsWith(INSUFFICIENT_RESOURCES)) {
    return new AppError(503, 'busy', 'Too much is going on at the moment: try again shortly')
  }
  // A value that passed our schema and that Postgres cannot hold (22P02, 22003, 22021, 22001, 22008 …).
  if (state?.startsWith(DATA_EXCEPTION)) {
    return new AppError(422, 'invalid_value', 'A value of the request cannot be stored')
  }
  return undefined
}
