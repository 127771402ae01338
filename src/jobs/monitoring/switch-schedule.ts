import { sql } from 'kysely'
import { actorColumns } from '../../platform/actor.ts'
import { notFound } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'

/** Switches a schedule on or off in the whole fleet, from its next slot on, and notes who did it. @throws AppError 404 */
export async function switchSchedule(tx: Tx, name: string, enabled: boolean): Promise<void> {
  const { kind, id } = actorColumns(tx.actor)
  const by = id === null ? kind : `${kind}:${id}`
  const { numAffectedRows } = await sql`
    update schedules set enabled = ${enabled}, changed_by = ${by}, changed_at = ${tx.now} where name = ${name}
  `.execute(tx.db)
  if (numAffectedRows !== 1n) throw notFound('Schedule')
  const action = enabled ? 'schedule_on' : 'schedule_off'
  await sql`select inspect.note_action(${kind}, ${id}, ${action}, ${name}, null)`.execute(tx.db)
}
