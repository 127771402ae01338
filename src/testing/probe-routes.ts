import { z } from 'zod'
import type { IdentityDeps } from '../identity/index.ts'
import { AppError } from '../platform/errors.ts'
import { HANDLED, type Route, route } from '../platform/http.ts'
import { until } from './until.ts'

type Item = { name: string; quantity: number; meta?: Record<string, unknown> | undefined }

const item = z.strictObject({
  name: z.string().max(100),
  quantity: z.number().int().min(1).max(999),
  meta: z.record(z.string(), z.unknown()).optional(),
})

/** Routes of the HTTP tests: one per thing that a route can be. `seen` collects what handlers got. */
export function probeRoutes(seen: unknown[]): Route<IdentityDeps>[] {
  const spec = { summary: 'probe', answer: z.unknown() } as const
  return [
    route<IdentityDeps, { id: string }, { limit: number }>(
      {
        ...spec,
        method: 'get',
        path: '/api/items/:id',
        who: ['public'],
        params: z.object({ id: z.uuid() }),
        query: z.object({ limit: z.coerce.number().int().max(100).default(20) }),
      },
      async (_deps, { params, query }) => ({ data: { ...params, ...query }, nextCursor: 'next' }),
    ),
    route<IdentityDeps, unknown, unknown, { items: Item[] }>(
      {
        ...spec,
        method: 'post',
        path: '/api/items',
        who: ['public'],
        body: z.strictObject({ items: z.array(item).min(1).max(50) }),
        status: 201,
        idempotent: true,
      },
      async (deps, { body, idempotencyKey }) => {
        seen.push(body)
        const names = body.items.map(one => one.name)
        await deps.db.selectFrom('users').select('id').where('email', 'in', names).execute()
        return { data: { names, key: idempotencyKey ?? null } }
      },
    ),
    route<IdentityDeps>(
      { ...spec, method: 'get', path: '/api/who', who: ['public', 'jastiper', 'pass'] },
      async (_d, { actor }) => ({
        data: actor,
      }),
    ),
    route<IdentityDeps>({ ...spec, method: 'get', path: '/api/admin', who: ['admin'] }, async () => ({
      data: 'admin',
    })),
    route<IdentityDeps>({ ...spec, method: 'get', path: '/api/pass', who: ['pass'] }, async (_d, { actor }) => ({
      data: actor,
    })),
    route<IdentityDeps>({ ...spec, method: 'post', path: '/api/pass', who: ['pass'] }, async (_d, { actor }) => ({
      data: actor,
    })),
    route<IdentityDeps>(
      { ...spec, method: 'get', path: '/metrics', who: ['monitor', 'ops'], bare: true },
      async () => ({ data: { up: 1 } }),
    ),
    route<IdentityDeps>(
      { ...spec, method: 'get', path: '/api/limited', who: ['public'], limit: { points: 3, seconds: 60 } },
      async () => ({ data: 'ok' }),
    ),
    route<IdentityDeps>(
      { ...spec, method: 'post', path: '/api/signed', who: ['signed'], bodyAs: 'raw' },
      async (_d, { body }) => ({
        data: Buffer.isBuffer(body) ? body.toString('hex') : 'no bytes',
      }),
    ),
    route<IdentityDeps, unknown, { sql: string }>(
      { ...spec, method: 'get', path: '/api/fail', who: ['public'], query: z.object({ sql: z.string() }) },
      async (_d, { query }) => {
        throw query.sql === 'app'
          ? new AppError(409, 'taken', 'It is taken')
          : Object.assign(new Error(`boom ${query.sql}`), { code: query.sql })
      },
    ),
    route<IdentityDeps>(
      { ...spec, method: 'get', path: '/api/half', who: ['public'], answer: 'stream' },
      async (_d, { res }) => {
        res.write('half of it')
        throw new Error('the stream broke')
      },
    ),
    route<IdentityDeps>(
      { ...spec, method: 'get', path: '/api/wait', who: ['public'], answer: 'stream' },
      async (_d, { signal }) => {
        seen.push('waiting')
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        seen.push('gone')
        return HANDLED
      },
    ),
    route<IdentityDeps>({ ...spec, method: 'get', path: '/api/slow', who: ['public'] }, async () => {
      seen.push('slow')
      await until(() => seen.includes('go on'))
      return { data: 'slow' }
    }),
  ]
}
