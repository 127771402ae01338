import type { Updateable } from 'kysely'
import type { DB } from '../../platform/db-types.ts'
import { conflict, sqlState } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'
import { getOwnTrip } from '../queries/trips.ts'
import { requirePaymentTarget } from './require-payment-target.ts'

/** Unset: stays as it is. Null: cleared. */
export type TripChange = {
  title?: string | undefined
  slug?: string | undefined
  description?: string | null | undefined
  startDate?: string | null | undefined
  deadline?: Date | null | undefined
  paymentType?: 'full' | 'dp' | undefined
  dpPercentage?: number | undefined
  finalPaymentHours?: number | null | undefined
  isActive?: boolean | undefined
}

const UNIQUE_VIOLATION = '23505'

/**
 * Changes a trip of this jastiper; orders that exist keep the rules of their checkout.
 * @throws AppError 404 when the trip is not theirs, 409 `slug_taken`, 422 `no_payment_target`
 */
export async function changeTrip(
  tx: Tx,
  jastiperId: string,
  tripId: string,
  change: TripChange,
  options: { hasGateway: boolean },
): Promise<void> {
  const trip = await getOwnTrip(tx.db, jastiperId, tripId)
  if (change.isActive && !trip.isActive) await requirePaymentTarget(tx.db, jastiperId, options.hasGateway)
  try {
    await tx.db.updateTable('jastip_trips').set(columnsOf(tx, change)).where('id', '=', tripId).execute()
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) throw conflict('slug_taken', 'Another of your trips has this slug')
    throw error
  }
}

const columnsOf = (tx: Tx, change: TripChange): Updateable<DB['jastip_trips']> => ({
  title: change.title,
  slug: change.slug,
  description: change.description,
  start_date: change.startDate,
  deadline: change.deadline,
  payment_type: change.paymentType,
  dp_percentage: change.dpPercentage,
  final_payment_hours: change.finalPaymentHours,
  is_active: change.isActive,
  updated_at: tx.now,
})
