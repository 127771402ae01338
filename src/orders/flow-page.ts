import type { Actor } from '../platform/actor.ts'
import type { Db } from '../platform/tx.ts'

export type OrderRow = {
  id: string
  code: string | null
  flow: string
  status: string
  version: number
  priority: number
  ownerId: string | null
  customerRef: string | null
  currency: string
  total: string
  deadlineAt: Date | null
  createdAt: Date
  updatedAt: Date
  closedAt: Date | null
}

/** What a hot read knows of an order; enough to decide who may see it without asking Postgres. */
export type OrderIdentity = Pick<OrderRow, 'id' | 'flow' | 'ownerId' | 'customerRef'>

/** What a flow shows of its orders under the shared paths `/api/orders…`. */
export type FlowPage = {
  flow: string
  /** Whether this caller may see the order; a refusal is answered as 404. */
  mayView(actor: Actor, order: OrderIdentity): boolean
  /** The order as this caller sees it, under `data`. */
  view(db: Db, actor: Actor, order: OrderRow): Promise<Record<string, unknown>>
  /** Adds the flow's own fields to a page of the list, in the order given. */
  list(db: Db, actor: Actor, orders: readonly OrderRow[]): Promise<Record<string, unknown>[]>
}

export type FlowPages = ReadonlyMap<string, FlowPage>
