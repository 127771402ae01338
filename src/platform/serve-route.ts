import { type Request, type Response, Router } from 'express'
import { type Actor, publicActor } from './actor.ts'
import { admit } from './caller.ts'
import type { Config } from './config.ts'
import { AppError, invalid } from './errors.ts'
import { type Answer, HANDLED, type Route } from './http.ts'
import { parseInput } from './parse-input.ts'
import { addressKey, takePoint } from './rate-limit.ts'
import { readBody } from './read-body.ts'
import { inMatchingOrder } from './route-order.ts'
import type { Db } from './tx.ts'

export type HttpDeps = { db: Db; config: Pick<Config, 'RATE_LIMIT_FACTOR'> }

/** Says who calls: public without credentials. Throws 401 for bad ones. */
export type Authenticate<D> = (deps: D, req: Request) => Promise<Actor>

/**
 * Mounts the routes. Each request is checked in this order: who calls (401, 403), rate limit (429), body (400, 413,
 * 415), fields (422); only then its handler runs. @throws at start when two routes answer the same path
 */
export function serveRoutes<D extends HttpDeps>(
  deps: D,
  routes: readonly Route<D>[],
  authenticate: Authenticate<D>,
): Router {
  const router = Router({ caseSensitive: true, strict: true })
  for (const one of inMatchingOrder(routes)) {
    router[one.method](one.path, (req, res) => serve(deps, one, authenticate, req, res))
  }
  return router
}

async function serve<D extends HttpDeps>(
  deps: D,
  one: Route<D>,
  authenticate: Authenticate<D>,
  req: Request,
  res: Response,
): Promise<void> {
  const ip = addressKey(req.ip ?? '')
  const actor = await identify(deps, one, authenticate, req)
  admit(actor, one.who, one.method)
  if (!one.limit?.key) await countCall(deps, one, ip)
  const given = await readBody(one, req, res)
  if (one.limit?.key) await countCall(deps, one, one.limit.key({ ip, body: given }))
  const isJson = (one.bodyAs ?? 'json') === 'json'
  const schemas = { params: one.params, query: one.query, body: isJson ? one.body : undefined }
  const input = parseInput(schemas, { params: req.params, query: req.query, body: given })
  const answer = await one.handle(deps, {
    ...input,
    body: isJson ? input.body : given,
    actor,
    ip,
    requestId: String(req.id),
    signal: goneSignal(res),
    idempotencyKey: one.idempotent ? readIdempotencyKey(req) : undefined,
    req,
    res,
  })
  sendAnswer(res, one, answer)
}

/**
 * Routes that are only signed never read credentials. A route that is only public overlooks an expired token, so that
 * a client can refresh or log in without dropping it first; a forged one is refused everywhere.
 */
async function identify<D>(deps: D, one: Route<D>, authenticate: Authenticate<D>, req: Request): Promise<Actor> {
  if (one.who.every(caller => caller === 'signed')) return publicActor
  try {
    return await authenticate(deps, req)
  } catch (error) {
    const isPublic = one.who.every(caller => caller === 'public')
    if (isPublic && error instanceof AppError && error.code === 'token_expired') return publicActor
    throw error
  }
}

async function countCall<D extends HttpDeps>(deps: D, one: Route<D>, caller: string): Promise<void> {
  if (!one.limit) return
  const { points, seconds } = one.limit
  await takePoint(deps.db, `${one.method} ${one.path} ${caller}`, {
    points,
    seconds,
    factor: deps.config.RATE_LIMIT_FACTOR,
  })
}

function readIdempotencyKey(req: Request): string | undefined {
  const key = req.get('Idempotency-Key')
  if (key === undefined || /^[\x21-\x7e]{16,128}$/.test(key)) return key
  throw invalid(
    'idempotency_key_invalid',
    'Idempotency-Key',
    'Idempotency-Key needs 16 to 128 visible ASCII characters',
  )
}

function goneSignal(res: Response): AbortSignal {
  const gone = new AbortController()
  res.on('close', () => {
    if (!res.writableFinished) gone.abort()
  })
  return gone.signal
}

function sendAnswer<D>(res: Response, one: Route<D>, answer: Answer<unknown>): void {
  if (answer === HANDLED) return
  res.status(answer.status ?? one.status ?? 200)
  if (!res.hasHeader('Cache-Control')) res.set('Cache-Control', 'no-store')
  if (res.statusCode === 204) res.end()
  else if (one.bare) res.json(answer.data)
  else {
    const { nextCursor } = answer
    res.json({ success: true, data: answer.data, ...(nextCursor === undefined ? {} : { pagination: { nextCursor } }) })
  }
}
