import type { Route } from '../platform/http.ts'
import type { JastipDeps } from './deps.ts'
import { checkoutRoutes } from './routes/checkout.ts'
import { orderRoutes } from './routes/orders.ts'
import { productRoutes } from './routes/products.ts'
import { refundRoutes } from './routes/refunds.ts'
import { tripRoutes } from './routes/trips.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { webhookRoutes } from './routes/webhooks.ts'

/** Every route of jastip; the order list, detail, status and events are served by orders. */
export const jastipRoutes: Route<JastipDeps>[] = [
  ...tripRoutes,
  ...productRoutes,
  ...checkoutRoutes,
  ...orderRoutes,
  ...refundRoutes,
  ...uploadRoutes,
  ...webhookRoutes,
]
