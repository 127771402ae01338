import { type AdvanceOptions, advance } from '../orders/advance.ts'
import { createOrder, defineFlow } from '../orders/index.ts'
import { type Actor, systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx, type TxDeps } from '../platform/tx.ts'

/** A flow with every kind of rule that the order core knows. */
export const ticketFlow = defineFlow('ticket', {
  codePrefix: 'TKT',
  statuses: {
    open: { deadlineSeconds: 60, onDeadline: 'lapse' },
    answered: { deadlineSeconds: 120, onDeadline: 'lapse' },
    parked: { keepsDeadline: true },
    agreed: {},
    solved: { closes: true },
    lapsed: {},
  },
  transitions: {
    answer: { from: ['open', 'parked'], to: 'answered' },
    park: { from: ['open'], to: 'parked' },
    agree: { from: ['open', 'answered'], to: 'agreed' },
    solve: { from: ['open', 'answered', 'agreed'], to: 'solved' },
    note: { from: ['open', 'answered', 'solved'], to: 'same' },
    drop: { from: ['open', 'answered'], to: 'same', closes: true },
    lapse: { from: ['open', 'answered'], to: 'lapsed' },
    withdraw: { from: ['open'], to: 'lapsed', closes: true },
  },
})

export type TicketMove = keyof typeof ticketFlow.transitions

type Ticket = {
  id?: string
  status?: keyof typeof ticketFlow.statuses
  ownerId?: string | null
  customerRef?: string | null
  deadlineAt?: Date | null
  data?: Record<string, unknown>
}

/** Opens, moves and reads tickets through the order core. */
export function ticketDesk(deps: TxDeps) {
  const act = <T>(fn: (tx: Tx) => Promise<T>, actor: Actor = systemActor('test')): Promise<T> =>
    inTransaction(deps, actor, fn)
  const openIn = (tx: Tx, ticket: Ticket = {}) =>
    createOrder(tx, ticketFlow, {
      id: newId(),
      status: 'open',
      ownerId: null,
      customerRef: null,
      currency: 'IDR',
      total: '10.00',
      ...ticket,
    })
  return {
    act,
    openIn,
    open: async (ticket: Ticket = {}): Promise<string> => (await act(tx => openIn(tx, ticket))).id,
    move: (transition: TicketMove, ids: readonly string[], options?: AdvanceOptions) =>
      act(tx => advance(tx, ticketFlow, transition, ids, options)),
    order: (id: string) => deps.db.selectFrom('orders').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    events: (id: string) =>
      deps.db.selectFrom('order_events').selectAll().where('order_id', '=', id).orderBy('version').execute(),
  }
}
