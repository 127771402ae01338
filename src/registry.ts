import type { AnyFlow, DeadlineBindings, FlowPages } from './orders/index.ts'
import { sweepDeadlines, sweepDeadlinesHandler } from './orders/index.ts'
import type { JobHandler } from './platform/job.ts'

/** Every flow. */
export const flows: readonly AnyFlow[] = []

/** `flow.onDeadline` → the job that the sweep raises. */
export const deadlineJobs: DeadlineBindings = new Map([])

/** Every job: contract and handler. */
export const handlers: readonly JobHandler<never>[] = [sweepDeadlinesHandler(flows, deadlineJobs)]

/** Every tick: at each slot of the cron expression one job, once in the whole fleet. */
export const schedules = [{ name: 'orders.sweep-deadlines', cron: '*/5 * * * * *', job: sweepDeadlines, payload: {} }]

export const flowPages: FlowPages = new Map([])
