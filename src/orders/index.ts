export { advance, advanceOne, type MovedOrder } from './advance.ts'
export { codeCandidate } from './code.ts'
export { createOrder } from './create-order.ts'
export {
  type DeadlineBindings,
  type DeadlineJob,
  deadlineJobPayload,
  mergeDeadlines,
  splitIds,
  sweepDeadlines,
  sweepDeadlinesHandler,
} from './deadlines.ts'
export { type AnyFlow, defineFlow, statusesThatReleaseStock } from './flow.ts'
export type { FlowPage, FlowPages, OrderIdentity } from './flow-page.ts'
export { orderRoutes } from './order-routes.ts'
export { listEvents } from './queries.ts'
export { statusRoutes } from './status-routes.ts'
