import { conflict } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import { createStockItem } from '../../stock/index.ts'
import { getOwnTrip } from '../queries/trips.ts'
import { wholeRupiah } from '../rupiah.ts'
import { slugFrom, withSuffix } from '../slug.ts'

export type NewProduct = {
  tripId: string
  title: string
  slug?: string | undefined
  description?: string | undefined
  /** Whole rupiah. */
  price: number
  type: 'goods' | 'tasks'
  status: 'active' | 'inactive'
  /** Null: unlimited. Tasks have no stock whatever is given. */
  stock: number | null
  unit?: string | undefined
  weightGram?: number | undefined
  markupType: 'percent' | 'flat'
  /** Percent with at most two decimals, or whole rupiah per piece. */
  markupValue: number
  requiresDetails: boolean
  requiresProof: boolean
}

/**
 * Adds a product with its stock item to a trip of this jastiper. Returns its id.
 * @throws AppError 404 when the trip is not theirs, 409 `slug_taken`, 422 `not_whole_rupiah`
 */
export async function createProduct(tx: Tx, jastiperId: string, product: NewProduct): Promise<string> {
  await getOwnTrip(tx.db, jastiperId, product.tripId)
  const id = newId()
  const stockItemId = await createStockItem(tx, { stock: product.type === 'tasks' ? null : product.stock })
  const slugs = product.slug === undefined ? derivedSlugs(product.title, id) : [product.slug]
  for (const slug of slugs) {
    if (await insertProduct(tx, { id, stockItemId, slug }, product)) return id
  }
  throw conflict('slug_taken', 'Another product of this trip has this slug')
}

function derivedSlugs(title: string, id: string): string[] {
  const slug = slugFrom(title, id)
  return [slug, withSuffix(slug, id)]
}

/** Markup as stored: percent as it is, an amount in whole rupiah. */
export function markupColumn(type: 'percent' | 'flat', value: number): string {
  return type === 'percent' ? String(value) : toNumeric(wholeRupiah('markupValue', value))
}

type Keys = { id: string; stockItemId: string; slug: string }

async function insertProduct(tx: Tx, keys: Keys, product: NewProduct): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('jastip_products')
    .values({
      id: keys.id,
      trip_id: product.tripId,
      stock_item_id: keys.stockItemId,
      slug: keys.slug,
      title: product.title,
      description: product.description ?? null,
      price: toNumeric(wholeRupiah('price', product.price)),
      type: product.type,
      status: product.status,
      unit: product.unit ?? null,
      weight_gram: product.weightGram ?? null,
      markup_type: product.markupType,
      markup_value: markupColumn(product.markupType, product.markupValue),
      requires_details: product.requiresDetails,
      requires_proof: product.requiresProof,
      created_at: tx.now,
      updated_at: tx.now,
    })
    .onConflict(oc => oc.columns(['trip_id', 'slug']).where('deleted_at', 'is', null).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}
