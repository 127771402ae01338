import cookieParser from 'cookie-parser'
import express, { type Express } from 'express'
import helmet from 'helmet'
import { authenticate, type IdentityDeps } from './identity/index.ts'
import { allowOrigins } from './platform/cors.ts'
import type { Route } from './platform/http.ts'
import { logRequests } from './platform/request-log.ts'
import { answerProblem, refuseUnknownRoute } from './platform/send-problem.ts'
import { serveRoutes } from './platform/serve-route.ts'

/**
 * The whole HTTP side as an Express application that does not listen: request ids and log, CORS, the routes, and one
 * place where errors become problems.
 */
export function createApp<D extends IdentityDeps>(deps: D, routes: readonly Route<D>[]): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('trust proxy', deps.config.TRUST_PROXY)
  app.use(logRequests(deps.log))
  app.use(helmet())
  app.use(allowOrigins(deps.config.CORS_ORIGINS))
  app.use(cookieParser())
  app.use(serveRoutes(deps, routes, authenticate))
  app.use(refuseUnknownRoute)
  app.use(answerProblem)
  return app
}
