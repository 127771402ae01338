import { z } from 'zod'
import { type Route, route } from '../../../platform/http.ts'
import { pageQuery } from '../../../platform/paging.ts'
import { inTransaction } from '../../../platform/tx.ts'
import type { MonitoringDeps } from '../deps.ts'
import { getJob } from '../get-job.ts'
import { JOB_STATES, searchJobs } from '../search-jobs.ts'
import { cancelJob, retryJob } from '../steer.ts'
import { arrives, idParams, jobDetailsShape, jobShape, OPERATORS, rangeQuery } from './shapes.ts'

const getJobs = route(
  {
    method: 'get',
    path: '/api/monitoring/jobs',
    who: OPERATORS,
    summary: 'Jobs by state, kind, key, order, error text and due time, the latest due first',
    query: pageQuery.extend({
      state: z.enum(JOB_STATES).optional(),
      kind: z.string().max(200).optional(),
      key: z.string().max(500).optional(),
      orderId: z.uuid().optional(),
      search: z.string().min(1).max(200).optional().describe('text that the last error contains'),
      ...rangeQuery,
    }),
    answer: arrives(z.array(jobShape)),
    errors: ['cursor_invalid', 'search_too_broad'],
  },
  async (deps: MonitoringDeps, { query }) => {
    const { items, nextCursor } = await searchJobs(deps.db, query)
    return { data: items, nextCursor }
  },
)

const getOneJob = route(
  {
    method: 'get',
    path: '/api/monitoring/jobs/:id',
    who: OPERATORS,
    summary: 'One job with its payload and every attempt that is kept',
    params: idParams,
    answer: arrives(jobDetailsShape),
    errors: ['not_found'],
  },
  async (deps: MonitoringDeps, { params: { id } }) => ({ data: await getJob(deps.db, id) }),
)

const postCancel = route(
  {
    method: 'post',
    path: '/api/monitoring/jobs/:id/cancel',
    who: OPERATORS,
    summary: 'Cancel a job: a queued one at once, a running one loses its claim and what it did rolls back',
    params: idParams,
    answer: z.object({ id: z.uuid(), was: z.enum(['queued', 'processing']) }),
    errors: ['not_found', 'job_wrong_state'],
  },
  async (deps: MonitoringDeps, { params: { id }, actor }) => ({
    data: { id, was: await inTransaction(deps, actor, tx => cancelJob(tx, id)) },
  }),
)

const postRetry = route(
  {
    method: 'post',
    path: '/api/monitoring/jobs/:id/retry',
    who: OPERATORS,
    summary: 'Start a waiting job now, or redrive the dead letter of a failed one',
    params: idParams,
    answer: z.object({ id: z.uuid().describe('the job that will run') }),
    errors: ['not_found', 'job_wrong_state'],
  },
  async (deps: MonitoringDeps, { params: { id }, actor }) => ({
    data: { id: await inTransaction(deps, actor, tx => retryJob(tx, id)) },
  }),
)

export const jobRoutes: Route<MonitoringDeps>[] = [getJobs, getOneJob, postCancel, postRetry]
