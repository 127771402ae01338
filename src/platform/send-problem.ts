import type { ErrorRequestHandler, RequestHandler } from 'express'
import { notFound } from './errors.ts'
import { toAppError, toProblem } from './problem.ts'

/** Answers whatever no route took. */
export const refuseUnknownRoute: RequestHandler = req => {
  throw notFound(`${req.method} ${req.path}`)
}

/**
 * The one place where an error of a request ends: answered as a problem, and logged once with its cause when it is ours.
 * The line is the request's own (`res.err`), unless the caller is gone and that line was written already.
 */
export const answerProblem: ErrorRequestHandler = (error, req, res, _next) => {
  const shown = toAppError(error)
  const isOurs = shown !== error && (shown.status >= 500 || shown.code === 'invalid_value')
  if (res.destroyed) {
    if (isOurs && error?.name !== 'AbortError') req.log.error({ err: error }, 'a request failed after its caller left')
    return
  }
  if (isOurs) res.err = error instanceof Error ? error : new Error(`thrown: ${String(error)}`)
  if (res.headersSent) {
    // A stream broke half way: only a cut connection tells the caller.
    res.destroy()
    return
  }
  const { status, headers, body } = toProblem(shown, String(req.id))
  res
    .status(status)
    .set({ ...headers, 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json; charset=utf-8' })
    .send(JSON.stringify(body))
}
