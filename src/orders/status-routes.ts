import { z } from 'zod'
import { ROLES } from '../platform/actor.ts'
import type { Config } from '../platform/config.ts'
import { type Caller, HANDLED, type Route, route } from '../platform/http.ts'
import { getVisibleOrder, readOrderStatus, type StatusDeps } from './read-order-status.ts'
import { limitStatusCalls } from './status-limit.ts'
import { type StreamDeps, streamOrderEvents } from './stream-order-events.ts'

export type StatusRouteDeps = StatusDeps & StreamDeps & { config: Pick<Config, 'RATE_LIMIT_FACTOR'> }

/** Who may be asked; whether the order is theirs says the page of its flow. */
const VIEWERS: readonly [Caller, ...Caller[]] = ['pass', ...ROLES]

const params = z.object({ id: z.uuid() })

const statusAnswer = z.object({
  orderId: z.uuid(),
  status: z.string(),
  version: z.int(),
  progress: z.int().nullable(),
  step: z.string().nullable(),
  message: z.string().nullable(),
  updatedAt: z.iso.datetime(),
  source: z.enum(['redis', 'postgres']),
})

const readStatus = route(
  {
    method: 'get',
    path: '/api/orders/:id/status',
    who: VIEWERS,
    summary: 'Live status of an order; with fresh=1 from the database',
    params,
    query: z.object({ fresh: z.stringbool().default(false) }),
    answer: statusAnswer,
    errors: ['not_found', 'rate_limited'],
  },
  async (deps: StatusRouteDeps, { actor, ip, params: { id }, query: { fresh } }) => {
    await limitStatusCalls(actor, ip, deps.config.RATE_LIMIT_FACTOR)
    return { data: await readOrderStatus(deps, actor, id, fresh) }
  },
)

const version = z.coerce.number().int().min(0).max(2_147_483_647)

const streamStatus = route(
  {
    method: 'get',
    path: '/api/orders/:id/events',
    who: VIEWERS,
    summary: 'Status changes of an order as server-sent events, after Last-Event-ID (a version)',
    params,
    query: z.object({ lastEventId: version.default(0) }),
    answer: 'stream',
    errors: ['not_found', 'rate_limited'],
  },
  async (deps: StatusRouteDeps, { actor, ip, params: { id }, query, req, res }) => {
    await limitStatusCalls(actor, ip, deps.config.RATE_LIMIT_FACTOR)
    await getVisibleOrder(deps, actor, id)
    // A browser that reconnects keeps the query of its first connection; the header is newer.
    const header = version.safeParse(req.get('Last-Event-ID') || undefined)
    await streamOrderEvents(deps, res, id, header.success ? header.data : query.lastEventId)
    return HANDLED
  },
)

/** Live status and live updates of an order of any flow. */
export const statusRoutes: readonly Route<StatusRouteDeps>[] = [readStatus, streamStatus]
