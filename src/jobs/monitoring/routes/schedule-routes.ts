import { z } from 'zod'
import { type Route, route } from '../../../platform/http.ts'
import { inTransaction } from '../../../platform/tx.ts'
import type { MonitoringDeps } from '../deps.ts'
import { getSchedule, readSchedules } from '../read-schedules.ts'
import { switchSchedule } from '../switch-schedule.ts'
import { arrives, OPERATORS, scheduleShape } from './shapes.ts'

const params = z.object({ name: z.string().min(1).max(200) })

const getSchedules = route(
  {
    method: 'get',
    path: '/api/monitoring/schedules',
    who: OPERATORS,
    summary: 'Every schedule with its last run in the fleet and its next one',
    answer: arrives(z.array(scheduleShape)),
  },
  async (deps: MonitoringDeps) => ({ data: await readSchedules(deps) }),
)

const getOneSchedule = route(
  {
    method: 'get',
    path: '/api/monitoring/schedules/:name',
    who: OPERATORS,
    summary: 'One schedule',
    params,
    answer: arrives(scheduleShape),
    errors: ['not_found'],
  },
  async (deps: MonitoringDeps, { params: { name } }) => ({ data: await getSchedule(deps, name) }),
)

const patchSchedule = route(
  {
    method: 'patch',
    path: '/api/monitoring/schedules/:name',
    who: OPERATORS,
    summary: 'Switch a schedule on or off in the whole fleet; survives deploys',
    params,
    body: z.strictObject({ enabled: z.boolean() }),
    answer: arrives(scheduleShape),
    errors: ['not_found'],
  },
  async (deps: MonitoringDeps, { params: { name }, body: { enabled }, actor }) => {
    await inTransaction(deps, actor, tx => switchSchedule(tx, name, enabled))
    return { data: await getSchedule(deps, name) }
  },
)

export const scheduleRoutes: Route<MonitoringDeps>[] = [getSchedules, getOneSchedule, patchSchedule]
