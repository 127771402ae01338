import type { FlowPage, OrderIdentity } from '../orders/index.ts'
import type { Actor } from '../platform/actor.ts'
import { jastip } from './flow.ts'
import { getJastipOrder, listJastipOrders } from './queries/orders.ts'
import { viewHead, viewOrder } from './view.ts'

/** Owner, the pass of that very order, admins. */
export function mayViewOrder(actor: Actor, order: Pick<OrderIdentity, 'id' | 'ownerId'>): boolean {
  if (actor.kind === 'pass') return actor.orderId === order.id
  if (actor.kind !== 'user') return false
  return actor.role === 'admin' || (actor.role === 'jastiper' && actor.id === order.ownerId)
}

/** What jastip shows under `/api/orders…`. */
export const jastipPage: FlowPage = {
  flow: jastip.name,
  mayView: mayViewOrder,
  view: async (db, actor, order) => await viewOrder(db, actor, await getJastipOrder(db, order.id)),
  list: async (db, _actor, orders) => {
    if (orders.length === 0) return []
    const found = await listJastipOrders(
      db,
      orders.map(order => order.id),
    )
    const byId = new Map(found.map(order => [order.id, order]))
    return orders.flatMap(({ id }) => {
      const order = byId.get(id)
      return order === undefined ? [] : [viewHead(order)]
    })
  },
}
