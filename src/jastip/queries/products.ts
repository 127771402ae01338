import { sql } from 'kysely'
import { notFound } from '../../platform/errors.ts'
import { isAfterCursor, type Page, toPage } from '../../platform/paging.ts'
import type { Db } from '../../platform/tx.ts'

export type Product = {
  id: string
  tripId: string
  stockItemId: string
  slug: string
  title: string
  description: string | null
  price: string
  type: 'goods' | 'tasks'
  status: 'active' | 'inactive'
  /** Null: unlimited. */
  stock: number | null
  unit: string | null
  weightGram: number | null
  markupType: 'percent' | 'flat'
  markupValue: string
  requiresDetails: boolean
  requiresProof: boolean
  createdAt: Date
  updatedAt: Date
}

/** Products that are not deleted, of trips that are not deleted, with what is left of their stock. */
const products = (db: Db) =>
  db
    .selectFrom('jastip_products as p')
    .innerJoin('jastip_trips as t', 't.id', 'p.trip_id')
    .innerJoin('stock_items as s', 's.id', 'p.stock_item_id')
    .where('p.deleted_at', 'is', null)
    .where('t.deleted_at', 'is', null)
    .select([
      'p.id',
      'p.trip_id as tripId',
      'p.stock_item_id as stockItemId',
      'p.slug',
      'p.title',
      'p.description',
      'p.price',
      sql<'goods' | 'tasks'>`p.type`.as('type'),
      sql<'active' | 'inactive'>`p.status`.as('status'),
      's.stock',
      'p.unit',
      'p.weight_gram as weightGram',
      sql<'percent' | 'flat'>`p.markup_type`.as('markupType'),
      'p.markup_value as markupValue',
      'p.requires_details as requiresDetails',
      'p.requires_proof as requiresProof',
      'p.created_at as createdAt',
      'p.updated_at as updatedAt',
    ])

/** @throws AppError 404 when there is no such product or its trip belongs to another jastiper */
export async function getOwnProduct(db: Db, jastiperId: string, id: string): Promise<Product> {
  const product = await products(db).where('p.id', '=', id).where('t.jastiper_id', '=', jastiperId).executeTakeFirst()
  if (product === undefined) throw notFound('Product')
  return product
}

/** The jastiper's products, newest first, of one trip when it is named. */
export async function listProducts(
  db: Db,
  jastiperId: string,
  page: { tripId?: string | undefined; limit: number; cursor?: string | undefined },
): Promise<Page<Product>> {
  let query = products(db).where('t.jastiper_id', '=', jastiperId)
  if (page.tripId !== undefined) query = query.where('p.trip_id', '=', page.tripId)
  if (page.cursor !== undefined) {
    query = query.where(isAfterCursor(page.cursor, { at: 'p.created_at', id: 'p.id' }))
  }
  const rows = await query
    .orderBy('p.created_at', 'desc')
    .orderBy('p.id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return toPage(rows, page.limit, product => ({ at: product.createdAt, id: product.id }))
}

/** What buyers can order of a trip, or those of the given ids. */
export function listActiveProducts(
  db: Db,
  tripId: string,
  options: { ids?: readonly string[] | undefined; limit: number },
): Promise<Product[]> {
  let query = products(db).where('p.trip_id', '=', tripId).where('p.status', '=', 'active')
  if (options.ids !== undefined) query = query.where('p.id', 'in', [...options.ids])
  return query.orderBy('p.created_at').orderBy('p.id').limit(options.limit).execute()
}
