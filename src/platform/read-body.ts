import express, { type Request, type RequestHandler, type Response } from 'express'
import { AppError } from './errors.ts'
import type { RouteSpec } from './http.ts'

/** Largest JSON or signed body; uploads read their own. */
const BODY_LIMIT = '100kb'

const json = express.json({ limit: BODY_LIMIT, strict: false, type: () => true })
const raw = express.raw({ limit: BODY_LIMIT, type: () => true })

type BodySpec = Pick<RouteSpec<unknown, unknown, unknown, unknown>, 'body' | 'bodyAs'>

/**
 * Reads the body as the route wants it. A JSON body that is missing counts as `{}`, so that the schema names what is
 * needed. Throws what the parser throws (400, 413, 415); a body that nobody wants stays unread.
 */
export async function readBody(spec: BodySpec, req: Request, res: Response): Promise<unknown> {
  if (spec.bodyAs === 'none') return undefined
  if (spec.bodyAs === 'raw') {
    await run(raw, req, res)
    if (!Buffer.isBuffer(req.body)) req.body = Buffer.alloc(0)
    return req.body
  }
  if (!spec.body) return undefined
  if (!hasBody(req)) return {}
  if (!req.is(['json', '+json'])) {
    throw new AppError(415, 'unsupported_media_type', 'Send the body as application/json')
  }
  await run(json, req, res)
  return req.body
}

// A POST without a body often says `Content-Length: 0`, and then no type.
const hasBody = (req: Request): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0

const run = (parser: RequestHandler, req: Request, res: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    parser(req, res, (error?: unknown) => (error ? reject(error) : resolve()))
  })
