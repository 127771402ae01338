import { sql } from 'kysely'
import { conflict } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'

/** A buyer may have this many orders of one trip that wait for their down payment. */
const MOST_UNPAID = 3

/**
 * The participant of this guest on the trip, made when the guest is new there; a participant who exists keeps name and
 * e-mail. The caller holds the lock on the guest's row, so neither a twin nor another order of the guest comes between.
 * @throws AppError 409 `too_many_open_orders`
 */
export async function joinTrip(
  tx: Tx,
  given: { tripId: string; guestId: string; phone: string; name: string; email: string | undefined },
): Promise<string> {
  const { tripId, guestId } = given
  const { rows } = await sql<{ id: string; unpaid: number }>`
    with joined as (
      insert into jastip_participants (id, trip_id, guest_id, phone, name, email, created_at)
      values (${newId()}, ${tripId}, ${guestId}, ${given.phone}, ${given.name}, ${given.email ?? null}, ${tx.now})
      on conflict (trip_id, phone) where deleted_at is null do nothing
      returning id
    ), participant as (
      select id from joined
      union all
      select id from jastip_participants where trip_id = ${tripId} and phone = ${given.phone} and deleted_at is null
    )
    select id, (
      select count(*) from jastip_orders j join orders o on o.id = j.order_id
      where j.guest_id = ${guestId} and j.trip_id = ${tripId} and o.status = 'pending_dp'
    ) as unpaid
    from participant
  `.execute(tx.db)
  const participant = rows[0]
  if (participant === undefined) throw new Error(`guest ${guestId} could not join trip ${tripId}`)
  if (participant.unpaid >= MOST_UNPAID) {
    throw conflict('too_many_open_orders', `${MOST_UNPAID} orders of this trip already wait for your down payment`)
  }
  return participant.id
}
