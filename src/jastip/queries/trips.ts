import { sql } from 'kysely'
import { notFound } from '../../platform/errors.ts'
import { isAfterCursor, type Page, toPage } from '../../platform/paging.ts'
import type { Db } from '../../platform/tx.ts'

export type Trip = {
  id: string
  jastiperId: string
  slug: string
  title: string
  description: string | null
  isActive: boolean
  startDate: string | null
  deadline: Date | null
  paymentType: string
  dpPercentage: string
  finalPaymentHours: number | null
  createdAt: Date
  updatedAt: Date
  productCount: number
  orderCount: number
}

/** Trips that are not deleted, with their counts by `jastip_products_trip` and `jastip_orders_trip`. */
const trips = (db: Db) =>
  db
    .selectFrom('jastip_trips as t')
    .where('t.deleted_at', 'is', null)
    .select([
      't.id',
      't.jastiper_id as jastiperId',
      't.slug',
      't.title',
      't.description',
      't.is_active as isActive',
      't.deadline',
      't.payment_type as paymentType',
      't.dp_percentage as dpPercentage',
      't.final_payment_hours as finalPaymentHours',
      't.created_at as createdAt',
      't.updated_at as updatedAt',
      sql<string | null>`t.start_date::text`.as('startDate'),
      sql<number>`(select count(*) from jastip_products p where p.trip_id = t.id and p.deleted_at is null)`.as(
        'productCount',
      ),
      sql<number>`(select count(*) from jastip_orders o where o.trip_id = t.id)`.as('orderCount'),
    ])

/** @throws AppError 404 when there is no such trip or it belongs to another jastiper */
export async function getOwnTrip(db: Db, jastiperId: string, id: string): Promise<Trip> {
  const trip = await trips(db).where('t.id', '=', id).where('t.jastiper_id', '=', jastiperId).executeTakeFirst()
  if (trip === undefined) throw notFound('Trip')
  return trip
}

/** The jastiper's trips, newest first. */
export async function listTrips(
  db: Db,
  jastiperId: string,
  page: { limit: number; cursor?: string | undefined },
): Promise<Page<Trip>> {
  let query = trips(db).where('t.jastiper_id', '=', jastiperId)
  if (page.cursor !== undefined) {
    query = query.where(isAfterCursor(page.cursor, { at: 't.created_at', id: 't.id' }))
  }
  const rows = await query
    .orderBy('t.created_at', 'desc')
    .orderBy('t.id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return toPage(rows, page.limit, trip => ({ at: trip.createdAt, id: trip.id }))
}

export type PublicTrip = Omit<Trip, 'productCount' | 'orderCount' | 'updatedAt'> & {
  jastiper: { name: string; slug: string | null }
}

/** An active trip as buyers see it. @throws AppError 404 when it is not active */
export async function getPublicTrip(db: Db, id: string): Promise<PublicTrip> {
  const row = await trips(db)
    .innerJoin('users as u', 'u.id', 't.jastiper_id')
    .select(['u.slug as jastiperSlug', sql<string>`coalesce(u.profile_name, u.full_name)`.as('jastiperName')])
    .where('t.id', '=', id)
    .where('t.is_active', '=', true)
    .where('u.is_active', '=', true)
    .executeTakeFirst()
  if (row === undefined) throw notFound('Trip')
  const { productCount: _products, orderCount: _orders, updatedAt: _updated, jastiperName, jastiperSlug, ...trip } = row
  return { ...trip, jastiper: { name: jastiperName, slug: jastiperSlug } }
}

/** Whether buyers may order now. */
export const isOpen = (trip: { isActive: boolean; deadline: Date | null }, now: Date): boolean =>
  trip.isActive && (trip.deadline === null || trip.deadline > now)
