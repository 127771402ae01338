import { z } from 'zod'
import type { Caller } from '../../../platform/http.ts'
import { JOB_STATES } from '../search-jobs.ts'

export const OPERATORS: readonly [Caller, ...Caller[]] = ['ops', 'admin', 'monitor']

const count = z.int().min(0)
const time = z.iso.datetime()
const milliseconds = z.number().min(0)

export const kindParams = z.object({ kind: z.string().min(1).max(200) })
export const idParams = z.object({ id: z.uuid() })
/** A moment with its offset from UTC, as `Date`. */
export const moment = z.iso.datetime({ offset: true }).transform(text => new Date(text))
export const rangeQuery = { from: moment.optional(), to: moment.optional() }

export const statsShape = z.object({
  queue: z.object({
    totalQueued: count.describe('waiting: queued, delayed and retrying'),
    totalProcessing: count.describe(
      'claimed; jobs that only change state run in one transaction and count as queued until it commits',
    ),
    totalFailed: count.describe('died within 7 days'),
    totalCompleted: count.describe('completed within 7 days'),
    avgProcessingTime: milliseconds.nullable().describe('milliseconds per job, last hour'),
    oldestJob: z.object({ id: z.uuid(), createdAt: time, retryCount: count }).optional(),
  }),
  byKind: z.array(
    z.object({
      kind: z.string(),
      queued: count,
      delayed: count,
      retrying: count,
      processing: count,
      completed: count,
      cancelled: count,
      failed: count,
      dead: count.describe('open dead letters'),
    }),
  ),
  timestamp: time,
})

export const healthShape = z.object({
  database: z.object({ state: z.enum(['up', 'down']), latencyMs: milliseconds.nullable() }),
  redis: z.object({
    state: z.enum(['up', 'down', 'none']),
    breaker: z.enum(['closed', 'open', 'half-open']),
    since: time,
    lastError: z.string().nullable(),
    note: z.string().nullable(),
  }),
  workers: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      pid: z.int(),
      state: z.enum(['alive', 'gone']),
      kinds: z.array(z.string()),
      startedAt: time,
      lastSeen: time,
      silentSeconds: z.int(),
      running: count,
      processed: count,
      failed: count,
      successRate: z.number().min(0).max(1).nullable(),
    }),
  ),
  queue: z
    .object({
      totalQueued: count,
      totalProcessing: count,
      oldestJobAge: milliseconds.nullable().describe('milliseconds that the oldest due job has waited'),
    })
    .nullable(),
  overall: z.enum(['healthy', 'degraded', 'unhealthy']),
  reasons: z.array(z.string()),
  notes: z.array(z.string()),
  timestamp: time,
})

export const scheduleShape = z.object({
  name: z.string(),
  cron: z.string(),
  kind: z.string(),
  enabled: z.boolean(),
  lastRun: time.nullable(),
  nextRun: time.nullable(),
  changedBy: z.string().nullable(),
  changedAt: time.nullable(),
})

const percentiles = z.object({
  p50: milliseconds.nullable(),
  p95: milliseconds.nullable(),
  p99: milliseconds.nullable(),
})
const pause = z.object({ reason: z.string(), pausedBy: z.string(), pausedAt: time, until: time.nullable() })

export const infoShape = z.object({
  kinds: z.array(
    z.object({
      kind: z.string(),
      queued: count,
      delayed: count,
      retrying: count,
      processing: count,
      dead: count,
      oldestAgeMs: milliseconds.nullable(),
      pause: pause.nullable(),
      throughputPerMinute: z.number().min(0).describe('completed per minute, last 5 minutes'),
      wait: percentiles.describe('milliseconds, last 5 minutes'),
      run: percentiles.describe('milliseconds, last 5 minutes'),
      retryCurveSeconds: z.array(z.number()).nullable(),
      timeoutSeconds: z.number().nullable(),
      schedules: z.array(scheduleShape),
    }),
  ),
  timestamp: time,
})

export const jobShape = z.object({
  id: z.uuid(),
  kind: z.string(),
  state: z.enum(JOB_STATES),
  priority: z.int(),
  attempts: count,
  attemptsLeft: count,
  dueAt: time,
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  workerId: z.string().nullable(),
  error: z.string().nullable(),
})

const attempt = z.object({
  attempt: z.int(),
  outcome: z.string(),
  workerId: z.string().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  error: z.string().nullable(),
})

export const jobDetailsShape = jobShape.extend({
  payload: z.unknown(),
  timeoutSeconds: z.int(),
  heartbeatAt: time.nullable(),
  key: z.string().nullable(),
  deadLetterId: z.uuid().nullable(),
  history: z.array(attempt),
})

export const letterShape = z.object({
  id: z.uuid(),
  jobId: z.uuid(),
  kind: z.string(),
  state: z.enum(['open', 'redriven', 'discarded']),
  errorClass: z.string(),
  error: z.string().nullable(),
  stack: z.string().nullable(),
  attempts: count,
  payload: z.unknown(),
  firstFailedAt: time,
  lastFailedAt: time,
  redrivenAt: time.nullable(),
  redrivenBy: z.string().nullable(),
  redrivenAs: z.uuid().nullable(),
  discardedAt: time.nullable(),
  discardedBy: z.string().nullable(),
  discardReason: z.string().nullable(),
})

const group = z.object({ kind: z.string(), errorClass: z.string(), matching: count })

export const redrivenShape = z.object({
  matching: count,
  redriven: count,
  groups: z.array(group.extend({ redriven: count })),
  firstStartAt: time.nullable(),
  lastStartAt: time.nullable(),
})
export const discardedShape = z.object({
  matching: count,
  discarded: count,
  groups: z.array(group.extend({ discarded: count })),
})

/** Rows carry `Date`, the wire carries text: the shape says what arrives, and does not bind the handler's type. */
export const arrives = (shape: z.ZodType): z.ZodType<unknown> => shape
