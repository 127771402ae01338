import { z } from 'zod'
import { type Route, route } from '../../../platform/http.ts'
import type { MonitoringDeps } from '../deps.ts'
import { isReady } from '../read-ready.ts'

const status = z.object({ status: z.enum(['ok', 'unavailable']) })

const getLive = route(
  {
    method: 'get',
    path: '/api/health/live',
    who: ['public'],
    summary: 'This process answers',
    answer: status,
    bare: true,
  },
  async (_deps: MonitoringDeps) => ({ data: { status: 'ok' as const } }),
)

const getReady = route(
  {
    method: 'get',
    path: '/api/health/ready',
    who: ['public'],
    summary: 'Everything is up: the database answers and is migrated, and a worker takes jobs; else 503',
    answer: status,
    bare: true,
  },
  async (deps: MonitoringDeps) =>
    (await isReady(deps.db))
      ? { data: { status: 'ok' as const } }
      : { data: { status: 'unavailable' as const }, status: 503 },
)

export const healthRoutes: Route<MonitoringDeps>[] = [getLive, getReady]
