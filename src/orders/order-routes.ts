import { z } from 'zod'
import { notFound } from '../platform/errors.ts'
import { type Route, route } from '../platform/http.ts'
import { pageQuery } from '../platform/paging.ts'
import type { Db } from '../platform/tx.ts'
import type { FlowPage, FlowPages } from './flow-page.ts'
import { listEvents, listOrders } from './queries.ts'
import { getVisibleOrder } from './read-order-status.ts'

export type OrderRouteDeps = { db: Db; flowPages: FlowPages }

const listQuery = pageQuery.extend({
  flow: z.string().min(1).max(40),
  /** Once, repeated, or separated by commas. */
  status: z
    .union([z.string().max(400), z.array(z.string().max(40)).max(20)])
    .transform(given => (Array.isArray(given) ? given : given.split(',')).map(status => status.trim()).filter(Boolean))
    .optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
})

const list = route(
  {
    method: 'get',
    path: '/api/orders',
    who: ['jastiper', 'admin'],
    summary: 'Orders of a flow, newest first: the own ones, for admins all',
    query: listQuery,
    answer: z.array(z.record(z.string(), z.unknown())),
    errors: ['not_found', 'cursor_invalid'],
  },
  async (deps: OrderRouteDeps, { actor, query }) => {
    const page = getPage(deps.flowPages, query.flow)
    const ownerId = actor.kind === 'user' && actor.role !== 'admin' ? actor.id : undefined
    const { items, nextCursor } = await listOrders(deps.db, {
      ...query,
      ownerId,
      from: query.from === undefined ? undefined : new Date(query.from),
      to: query.to === undefined ? undefined : new Date(query.to),
    })
    return { data: await page.list(deps.db, actor, items), nextCursor }
  },
)

const detail = route(
  {
    method: 'get',
    path: '/api/orders/:id',
    who: ['pass', 'jastiper', 'admin'],
    summary: 'One order as the caller may see it, with its events',
    params: z.object({ id: z.uuid() }),
    answer: z.looseObject({
      events: z.array(z.looseObject({ version: z.int(), status: z.string(), at: z.iso.datetime() })),
    }),
    errors: ['not_found'],
  },
  async (deps: OrderRouteDeps, { actor, params: { id } }) => {
    const order = await getVisibleOrder(deps, actor, id)
    const [view, events] = await Promise.all([
      getPage(deps.flowPages, order.flow).view(deps.db, actor, order),
      listEvents(deps.db, id),
    ])
    return { data: { ...view, events: events.map(event => ({ ...event, at: event.at.toISOString() })) } }
  },
)

function getPage(pages: FlowPages, flow: string): FlowPage {
  const page = pages.get(flow)
  if (page === undefined) throw notFound('Flow')
  return page
}

/** The shared order list and detail; what they show is the flow's own page. */
export const orderRoutes: readonly Route<OrderRouteDeps>[] = [list, detail]
