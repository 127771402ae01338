import { z } from 'zod'
import { type Route, route } from '../../../platform/http.ts'
import { pageQuery } from '../../../platform/paging.ts'
import { inTransaction } from '../../../platform/tx.ts'
import type { MonitoringDeps } from '../deps.ts'
import { listDeadLetters } from '../list-dead-letters.ts'
import { discardLetters, redriveLetters } from '../redrive.ts'
import { arrives, discardedShape, letterShape, OPERATORS, rangeQuery, redrivenShape } from './shapes.ts'

const filter = {
  kind: z.string().min(1).max(200).optional(),
  errorClass: z.string().min(1).max(200).optional(),
  error: z.string().min(1).max(200).optional().describe('text that the message contains'),
  ...rangeQuery,
}
const bodyFilter = {
  ...filter,
  ids: z.array(z.uuid()).min(1).max(1_000).optional(),
  payload: z.record(z.string(), z.unknown()).optional().describe('must be contained in the payload'),
  limit: z.int().min(1).max(100_000).default(1_000),
  preview: z.boolean().default(false).describe('only count'),
}

const getLetters = route(
  {
    method: 'get',
    path: '/api/monitoring/dead-letters',
    who: OPERATORS,
    summary: 'Dead letters, the latest failure first; open ones unless asked otherwise',
    query: pageQuery.extend({ ...filter, state: z.enum(['open', 'redriven', 'discarded', 'all']).default('open') }),
    answer: arrives(z.array(letterShape)),
    errors: ['cursor_invalid'],
  },
  async (deps: MonitoringDeps, { query }) => {
    const state = query.state === 'all' ? undefined : query.state
    const { items, nextCursor } = await listDeadLetters(deps.db, { ...query, state })
    return { data: items, nextCursor }
  },
)

const postRedrive = route(
  {
    method: 'post',
    path: '/api/monitoring/dead-letters/redrive',
    who: OPERATORS,
    summary: 'New jobs for open dead letters by id or filter, the oldest first, at a limited rate; preview counts',
    body: z.strictObject({ ...bodyFilter, perSecond: z.number().positive().max(100_000).default(50) }),
    answer: arrives(redrivenShape),
    errors: ['invalid_value'],
  },
  async (deps: MonitoringDeps, { body: { limit, perSecond, preview, ...which }, actor }) => ({
    data: await inTransaction(deps, actor, tx => redriveLetters(tx, which, { limit, perSecond, preview })),
  }),
)

const postDiscard = route(
  {
    method: 'post',
    path: '/api/monitoring/dead-letters/discard',
    who: OPERATORS,
    summary: 'Mark open dead letters as not worth a redrive, with the reason; preview counts',
    body: z.strictObject({ ...bodyFilter, reason: z.string().trim().min(1).max(500) }),
    answer: arrives(discardedShape),
    errors: ['invalid_value'],
  },
  async (deps: MonitoringDeps, { body: { limit, reason, preview, ...which }, actor }) => ({
    data: await inTransaction(deps, actor, tx => discardLetters(tx, which, { reason, limit, preview })),
  }),
)

export const deadLetterRoutes: Route<MonitoringDeps>[] = [getLetters, postRedrive, postDiscard]
