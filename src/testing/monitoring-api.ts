import request from 'supertest'
import { z } from 'zod'
import { createApp } from '../app.ts'
import { type MonitoringDeps, monitoringRoutes } from '../jobs/monitoring/index.ts'
import { registerSchedules, type Schedule } from '../jobs/schedules.ts'
import { defineJob } from '../platform/job.ts'
import { testClock } from './clock.ts'
import { testDatabase } from './database.ts'
import { httpDeps } from './http-deps.ts'
import { act, jobWorld } from './jobs-in-every-state.ts'

export const TOKEN = 'Bearer test-monitoring-token'

/** Raises `test.act` with the payload that its schema defaults to. */
const schedule: Schedule = {
  name: 'test.tick',
  cron: '0 0 * * * *',
  job: defineJob(act.kind, { payload: z.strictObject({}) }),
  payload: {},
}

export type MonitoringApi = Awaited<ReturnType<typeof monitoringApi>>

/** The monitoring routes over a database with jobs, asked with the monitoring token. */
export async function monitoringApi() {
  const database = await testDatabase()
  const clock = await testClock(database)
  const world = await jobWorld(database)
  const hot: ReturnType<MonitoringDeps['hot']['state']> = { mode: 'postgres', breaker: 'closed', since: new Date() }

  // Figures are shared for a second by all who ask through one `Db`: a new app on a new one sees at once what is.
  const freshApp = (change: { REDIS_URL?: string } = {}) =>
    createApp(
      {
        ...httpDeps(database, change),
        db: database.db.withTables(),
        hot: { state: () => hot },
        contracts: world.contracts,
        schedules: [schedule],
      },
      monitoringRoutes,
    )
  let app = freshApp()

  return {
    database,
    clock,
    world,
    /** What this process thinks of Redis; tests change it. */
    hot,
    schedule,
    app: () => app,
    renew: (change: { REDIS_URL?: string } = {}) => {
      app = freshApp(change)
    },
    /** Empties the database and forgets every figure. */
    reset: async () => {
      await world.reset()
      await registerSchedules(database.db, [schedule])
      app = freshApp()
    },
    /** Checks what is answered against the documented shape. */
    ask: async (method: 'get' | 'post' | 'patch', path: string, body?: object): Promise<request.Response> => {
      const answer = await request(app)[method](path).set('Authorization', TOKEN).send(body)
      const { answer: shape, bare } = routeOf(method, path)
      if (answer.status < 300 && shape !== 'stream') shape.parse(bare ? answer.body : answer.body.data)
      return answer
    },
    actions: () =>
      world.rows<{ action: string; actor_kind: string; target: string }>(
        'select action, actor_kind, target from operator_actions order by at, id',
      ),
    close: async () => {
      await world.close()
      await database.close()
    },
  }
}

function routeOf(method: string, path: string) {
  const parts = (text: string) => (text.split('?')[0] ?? '').split('/')
  const asked = parts(path)
  const found = monitoringRoutes.find(one => {
    const shape = parts(one.path)
    const fits = shape.length === asked.length && shape.every((part, n) => part.startsWith(':') || part === asked[n])
    return one.method === method && fits
  })
  if (found === undefined) throw new Error(`no route ${method} ${path}`)
  return found
}
