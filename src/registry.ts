/**
 * Table of contents: every flow, job, reaction, schedule and route of Antre. The only file that imports every context.
 */
import type { Deps } from './deps.ts'
import { identityRetention, identityRoutes } from './identity/index.ts'
import {
  jastip,
  jastipDeadlineJobs,
  jastipHandlers,
  jastipPage,
  jastipRoutes,
  jastipTemplates,
  seedDemo,
} from './jastip/index.ts'
import { monitoringRoutes } from './jobs/monitoring/index.ts'
import { jobRetention, jobsPrune, pruneHandler } from './jobs/prune.ts'
import type { Schedule } from './jobs/schedules.ts'
import { sendWhatsappHandler, type Template } from './notify/index.ts'
import {
  type AnyFlow,
  type DeadlineBindings,
  type FlowPages,
  orderRoutes,
  statusRoutes,
  sweepDeadlines,
  sweepDeadlinesHandler,
} from './orders/index.ts'
import type { Config } from './platform/config.ts'
import type { Route } from './platform/http.ts'
import type { JobHandler } from './platform/job.ts'
import { rateLimitRetention } from './platform/rate-limit.ts'
import type { Reaction } from './platform/tx.ts'
import { releaseStockHandler, releaseStockReaction, sweepStock, sweepStockHandler } from './stock/index.ts'

const flows: readonly AnyFlow[] = [jastip]

/** `flow.onDeadline` → the job that the sweep raises. */
const deadlineJobs: DeadlineBindings = new Map([...jastipDeadlineJobs])

/** What shows the orders of each flow under `/api/orders`. */
export const flowPages: FlowPages = new Map([[jastip.name, jastipPage]])

/** Effects across contexts: they run, or enqueue their jobs, in the transaction of every status change. */
export const reactions: readonly Reaction[] = [releaseStockReaction(flows)]

/** Every kind of job with its handler. */
export const handlers: readonly JobHandler<Deps>[] = [
  sweepDeadlinesHandler(flows, deadlineJobs),
  ...jastipHandlers,
  releaseStockHandler(flows),
  sweepStockHandler(flows),
  sendWhatsappHandler,
  pruneHandler([...jobRetention, ...rateLimitRetention, ...identityRetention]),
]

/** Every tick: at each slot of the cron expression (with seconds) one job, once in the whole fleet. */
export const schedules: readonly Schedule[] = [
  { name: 'orders.sweep-deadlines', cron: '*/5 * * * * *', job: sweepDeadlines, payload: {} },
  { name: 'stock.sweep', cron: '0 * * * * *', job: sweepStock, payload: {} },
  { name: 'jobs.prune', cron: '0 17 * * * *', job: jobsPrune, payload: {} },
]

/** Message texts by event. */
export const templatesOf = (config: Pick<Config, 'APP_TIMEZONE'>): ReadonlyMap<string, Template> =>
  new Map(jastipTemplates(config.APP_TIMEZONE).map(template => [template.event, template]))

export const routes: readonly Route<Deps>[] = [
  ...identityRoutes,
  ...orderRoutes,
  ...statusRoutes,
  ...jastipRoutes,
  ...monitoringRoutes,
]

/** Demo data of every flow. Idempotent. */
export const seeds = [seedDemo]
