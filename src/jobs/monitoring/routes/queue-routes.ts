import { z } from 'zod'
import { type Route, route } from '../../../platform/http.ts'
import { inTransaction } from '../../../platform/tx.ts'
import type { MonitoringDeps } from '../deps.ts'
import { readHealth } from '../read-health.ts'
import { readInfo } from '../read-info.ts'
import { readStats } from '../read-stats.ts'
import { pauseQueue, resumeQueue } from '../steer.ts'
import { arrives, healthShape, infoShape, kindParams, moment, OPERATORS, statsShape } from './shapes.ts'

const getStats = route(
  {
    method: 'get',
    path: '/api/monitoring/queue/stats',
    who: OPERATORS,
    summary: 'How many jobs are in which state, in total and per kind; counted at most once a second',
    answer: arrives(statsShape),
  },
  async (deps: MonitoringDeps) => ({ data: await readStats(deps.db) }),
)

const getHealth = route(
  {
    method: 'get',
    path: '/api/monitoring/queue/health',
    who: OPERATORS,
    summary: 'State of database, Redis, workers and queues, with reasons; status 503 when unhealthy',
    answer: arrives(healthShape),
  },
  async (deps: MonitoringDeps) => {
    const health = await readHealth(deps)
    return { data: health, status: health.overall === 'unhealthy' ? 503 : 200 }
  },
)

const getInfo = route(
  {
    method: 'get',
    path: '/api/monitoring/queue/info',
    who: OPERATORS,
    summary:
      'Everything about every kind of jobs: depth, throughput, wait and run times, retry curve, pause, schedules',
    answer: arrives(infoShape),
  },
  async (deps: MonitoringDeps) => ({ data: await readInfo(deps) }),
)

const pauseBody = z.strictObject({
  reason: z.string().trim().min(1).max(500),
  until: moment.optional().describe('when it resumes by itself'),
})

const postPause = route(
  {
    method: 'post',
    path: '/api/monitoring/queues/:kind/pause',
    who: OPERATORS,
    summary: 'No worker of the fleet starts jobs of this kind any more; what runs ends',
    params: kindParams,
    body: pauseBody,
    answer: z.object({ kind: z.string(), paused: z.literal(true) }),
    errors: ['not_found', 'invalid_value'],
  },
  async (deps: MonitoringDeps, { params: { kind }, body, actor }) => {
    await inTransaction(deps, actor, tx => pauseQueue(tx, kind, body.reason, body.until ?? null))
    return { data: { kind, paused: true as const } }
  },
)

const postResume = route(
  {
    method: 'post',
    path: '/api/monitoring/queues/:kind/resume',
    who: OPERATORS,
    summary: 'End the pause of a kind of jobs',
    params: kindParams,
    answer: z.object({ kind: z.string(), paused: z.literal(false) }),
    errors: ['not_found'],
  },
  async (deps: MonitoringDeps, { params: { kind }, actor }) => {
    await inTransaction(deps, actor, tx => resumeQueue(tx, kind))
    return { data: { kind, paused: false as const } }
  },
)

export const queueRoutes: Route<MonitoringDeps>[] = [getStats, getHealth, getInfo, postPause, postResume]
