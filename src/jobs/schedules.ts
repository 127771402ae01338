import { sql } from 'kysely'
import { createTask, type ScheduledTask } from 'node-cron'
import { systemActor } from '../platform/actor.ts'
import type { Config } from '../platform/config.ts'
import { isConnectionError } from '../platform/errors.ts'
import type { JobContract } from '../platform/job.ts'
import { type Db, inTransaction, type TxDeps } from '../platform/tx.ts'

/** At each slot of the cron expression (with seconds, in APP_TIMEZONE) one job, once in the whole fleet. */
export type Schedule = Readonly<{
  name: string
  cron: string
  /** A scheduled job sweeps whatever is due when it runs, so it carries no payload. */
  job: JobContract<Record<string, never>>
  payload: Record<string, never>
}>

export type ScheduleDeps = TxDeps & { config: Pick<Config, 'APP_TIMEZONE'> }

/**
 * Ticks in this process until `stop`. Slots that pass while no worker runs, or while the schedule is switched off, are
 * not made up: every scheduled job does all that is due by then, so the next slot does their work.
 */
export function startSchedules(deps: ScheduleDeps, schedules: readonly Schedule[]): { stop(): Promise<void> } {
  const ticking = new Set<Promise<void>>()
  const tasks = schedules.map(schedule => {
    const task = taskOf(deps, schedule, slot => {
      const tick = raise(deps, schedule, slot).finally(() => ticking.delete(tick))
      ticking.add(tick)
    })
    void task.start()
    return task
  })
  return {
    stop: async () => {
      for (const task of tasks) await task.destroy()
      await Promise.all(ticking)
    },
  }
}

/** When the schedule fires next. */
export function nextRunOf(deps: Pick<ScheduleDeps, 'config' | 'log'>, schedule: Schedule): Date | null {
  const task = taskOf(deps, schedule, () => undefined)
  try {
    return task.getNextRuns(1)[0] ?? null
  } finally {
    // node-cron keeps a list of all tasks of the process.
    void task.destroy()
  }
}

function taskOf(
  deps: Pick<ScheduleDeps, 'config' | 'log'>,
  schedule: Schedule,
  onSlot: (slot: Date) => void,
): ScheduledTask {
  const quiet = (message: string | Error) => deps.log.debug({ schedule: schedule.name }, String(message))
  return createTask(schedule.cron, context => onSlot(context.date), {
    name: schedule.name,
    timezone: deps.config.APP_TIMEZONE,
    unref: true,
    suppressMissedWarning: true,
    logger: { info: quiet, warn: quiet, error: quiet, debug: quiet },
  })
}

async function raise(deps: TxDeps, schedule: Schedule, slot: Date): Promise<void> {
  try {
    await tick(deps, schedule, slot)
  } catch (error) {
    const level = isConnectionError(error) ? 'debug' : 'error'
    deps.log[level]({ err: error, schedule: schedule.name }, 'a tick failed; the next slot does its work')
  }
}

/**
 * Raises the job of one slot. Whoever inserts the row of the slot raises the job in the same transaction; every other
 * process finds the row and does nothing. Returns whether this call did it; false also while it is switched off.
 */
export async function tick(deps: TxDeps, schedule: Schedule, slot: Date): Promise<boolean> {
  return await inTransaction(deps, systemActor('schedule'), async tx => {
    const { numAffectedRows } = await sql`
      insert into schedule_runs (name, slot, created_at)
      select name, ${slot}, ${tx.now} from schedules where name = ${schedule.name} and enabled
      on conflict do nothing
    `.execute(tx.db)
    if (numAffectedRows !== 1n) return false
    await tx.enqueue(schedule.job, [schedule.payload])
    return true
  })
}

/** Writes the schedules of this checkout for people to see and switch; what they switched off stays off. */
export async function registerSchedules(db: Db, schedules: readonly Schedule[]): Promise<void> {
  for (const { name, cron } of schedules) {
    await sql`
      insert into schedules (name, cron) values (${name}, ${cron})
      on conflict (name) do update set cron = excluded.cron where schedules.cron <> excluded.cron
    `.execute(db)
  }
}
