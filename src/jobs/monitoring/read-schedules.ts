import { sql } from 'kysely'
import { notFound } from '../../platform/errors.ts'
import { nextRunOf } from '../schedules.ts'
import type { MonitoringDeps } from './deps.ts'

export type ScheduleView = {
  name: string
  cron: string
  kind: string
  enabled: boolean
  lastRun: Date | null
  /** Null while it is switched off. */
  nextRun: Date | null
  changedBy: string | null
  changedAt: Date | null
}

type Row = Pick<ScheduleView, 'name' | 'enabled' | 'lastRun' | 'changedBy' | 'changedAt'>

/** The schedules of the registry with their last run in the fleet and their next slot. */
export async function readSchedules(deps: MonitoringDeps): Promise<ScheduleView[]> {
  const { rows } = await sql<Row>`
    select s.name, s.enabled, s.changed_by as "changedBy", s.changed_at as "changedAt",
           (select max(r.slot) from schedule_runs r where r.name = s.name) as "lastRun"
    from schedules s
  `.execute(deps.db)
  const byName = new Map(rows.map(row => [row.name, row]))
  return deps.schedules.map(schedule => {
    const row = byName.get(schedule.name)
    const enabled = row?.enabled ?? false
    return {
      name: schedule.name,
      cron: schedule.cron,
      kind: schedule.job.kind,
      enabled,
      lastRun: row?.lastRun ?? null,
      nextRun: enabled ? nextRunOf(deps, schedule) : null,
      changedBy: row?.changedBy ?? null,
      changedAt: row?.changedAt ?? null,
    }
  })
}

/** @throws AppError 404 */
export async function getSchedule(deps: MonitoringDeps, name: string): Promise<ScheduleView> {
  const schedule = (await readSchedules(deps)).find(one => one.name === name)
  if (schedule === undefined) throw notFound('Schedule')
  return schedule
}
