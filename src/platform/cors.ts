import type { RequestHandler } from 'express'

const METHODS = 'GET, POST, PUT, PATCH, DELETE'
const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, X-Antre-Guest'
const ANSWER_HEADERS = 'X-Request-Id, Retry-After, X-Antre-Guest'
const PREFLIGHT_SECONDS = '600'

/**
 * Lets pages of exactly these origins (comma-separated) call with credentials. Everybody else gets no header, and then
 * their browser refuses; callers that are no browser are not concerned.
 */
export function allowOrigins(list: string): RequestHandler {
  const origins = new Set(list.split(',').map(origin => origin.trim()))
  return (req, res, next) => {
    res.vary('Origin')
    const { origin } = req.headers
    if (!origin || !origins.has(origin)) return next()
    res.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' })
    if (req.method !== 'OPTIONS' || !req.headers['access-control-request-method']) {
      res.set('Access-Control-Expose-Headers', ANSWER_HEADERS)
      return next()
    }
    res.set({
      'Access-Control-Allow-Methods': METHODS,
      'Access-Control-Allow-Headers': REQUEST_HEADERS,
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    })
    res.status(204).end()
  }
}
