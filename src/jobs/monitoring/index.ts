import type { Route } from '../../platform/http.ts'
import type { MonitoringDeps } from './deps.ts'
import { deadLetterRoutes } from './routes/dead-letter-routes.ts'
import { healthRoutes } from './routes/health-routes.ts'
import { jobRoutes } from './routes/job-routes.ts'
import { queueRoutes } from './routes/queue-routes.ts'
import { scheduleRoutes } from './routes/schedule-routes.ts'

export type { MonitoringDeps } from './deps.ts'

/** What ops and machines see and steer of the jobs, and the two public health checks. */
export const monitoringRoutes: Route<MonitoringDeps>[] = [
  ...queueRoutes,
  ...jobRoutes,
  ...deadLetterRoutes,
  ...scheduleRoutes,
  ...healthRoutes,
]
