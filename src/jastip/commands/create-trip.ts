import { conflict } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'
import { slugFrom, withSuffix } from '../slug.ts'
import { requirePaymentTarget } from './require-payment-target.ts'

export type NewTrip = {
  title: string
  slug?: string | undefined
  description?: string | undefined
  /** YYYY-MM-DD. */
  startDate?: string | undefined
  deadline?: Date | undefined
  paymentType: 'full' | 'dp'
  dpPercentage: number
  finalPaymentHours?: number | null | undefined
  isActive: boolean
  demoDeadlines?: { dpSeconds?: number | undefined; validationSeconds?: number | undefined } | undefined
}

/**
 * Opens a trip of this jastiper; without a slug it gets one from its title. Returns its id.
 * @throws AppError 409 `slug_taken`, 422 `no_payment_target` for an active trip that nobody could pay
 */
export async function createTrip(
  tx: Tx,
  jastiperId: string,
  trip: NewTrip,
  options: { hasGateway: boolean },
): Promise<string> {
  if (trip.isActive) await requirePaymentTarget(tx.db, jastiperId, options.hasGateway)
  const id = newId()
  const slugs = trip.slug === undefined ? derivedSlugs(trip.title, id) : [trip.slug]
  for (const slug of slugs) {
    if (await insertTrip(tx, id, jastiperId, slug, trip)) return id
  }
  throw conflict('slug_taken', 'Another of your trips has this slug')
}

function derivedSlugs(title: string, id: string): string[] {
  const slug = slugFrom(title, id)
  return [slug, withSuffix(slug, id)]
}

async function insertTrip(tx: Tx, id: string, jastiperId: string, slug: string, trip: NewTrip): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('jastip_trips')
    .values({
      id,
      jastiper_id: jastiperId,
      slug,
      title: trip.title,
      description: trip.description ?? null,
      is_active: trip.isActive,
      start_date: trip.startDate ?? null,
      deadline: trip.deadline ?? null,
      payment_type: trip.paymentType,
      dp_percentage: trip.dpPercentage,
      final_payment_hours: trip.finalPaymentHours ?? null,
      demo_dp_seconds: trip.demoDeadlines?.dpSeconds ?? null,
      demo_validation_seconds: trip.demoDeadlines?.validationSeconds ?? null,
      created_at: tx.now,
      updated_at: tx.now,
    })
    .onConflict(oc => oc.columns(['jastiper_id', 'slug']).where('deleted_at', 'is', null).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}
