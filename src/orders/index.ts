export { type AdvanceOptions, advance, advanceOne, type MovedOrder } from './advance.ts'
export { codeCandidate, parseCode } from './code.ts'
export { createOrder, type NewOrder } from './create-order.ts'
export {
  type DeadlineBindings,
  type DeadlineJob,
  deadlineJobPayload,
  mergeDeadlines,
  splitIds,
  sweepDeadlines,
  sweepDeadlinesHandler,
} from './deadlines.ts'
export { type AnyFlow, defineFlow, type Flow, statusesThatReleaseStock } from './flow.ts'
export type { FlowPage, FlowPages, OrderIdentity, OrderRow } from './flow-page.ts'
export { orderRoutes } from './order-routes.ts'
export { findOrder, getOrder, listEvents, listOrders, type OrderEvent } from './queries.ts'
export { statusRoutes } from './status-routes.ts'
