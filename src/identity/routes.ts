import type { Route } from '../platform/http.ts'
import type { IdentityDeps } from './deps.ts'
import { guestLinkRoutes } from './routes/guest-link.ts'
import { sessionRoutes } from './routes/session.ts'

export const identityRoutes: Route<IdentityDeps>[] = [...sessionRoutes, ...guestLinkRoutes]
