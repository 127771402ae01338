import type { Updateable } from 'kysely'
import type { DB } from '../../platform/db-types.ts'
import { conflict, invalid, sqlState } from '../../platform/errors.ts'
import { toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import { changeStock, type StockChange } from '../../stock/index.ts'
import { getOwnProduct, type Product } from '../queries/products.ts'
import { wholeRupiah } from '../rupiah.ts'
import { markupColumn } from './create-product.ts'

/** Unset: stays as it is. Null: cleared. */
export type ProductChange = {
  title?: string | undefined
  slug?: string | undefined
  description?: string | null | undefined
  price?: number | undefined
  status?: 'active' | 'inactive' | undefined
  unit?: string | null | undefined
  weightGram?: number | null | undefined
  markupType?: 'percent' | 'flat' | undefined
  markupValue?: number | undefined
  requiresDetails?: boolean | undefined
  requiresProof?: boolean | undefined
  stock?: StockChange | undefined
}

const UNIQUE_VIOLATION = '23505'
const WHOLE_PERCENT = 100

/**
 * Changes a product of this jastiper and its stock; orders that exist keep price and markup of their checkout.
 * @throws AppError 404 when it is not theirs, 409 `slug_taken`, `stock_moved`, 422 `not_whole_rupiah`
 */
export async function changeProduct(
  tx: Tx,
  jastiperId: string,
  productId: string,
  change: ProductChange,
): Promise<void> {
  const product = await getOwnProduct(tx.db, jastiperId, productId)
  try {
    await tx.db
      .updateTable('jastip_products')
      .set(columnsOf(tx, product, change))
      .where('id', '=', productId)
      .execute()
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) throw conflict('slug_taken', 'Another product of this trip has this slug')
    throw error
  }
  if (change.stock === undefined) return
  if (product.type === 'tasks') throw invalid('tasks_have_no_stock', 'stock', 'a task has no stock')
  await changeStock(tx, product.stockItemId, change.stock)
}

function columnsOf(tx: Tx, product: Product, change: ProductChange): Updateable<DB['jastip_products']> {
  return {
    title: change.title,
    slug: change.slug,
    description: change.description,
    price: change.price === undefined ? undefined : toNumeric(wholeRupiah('price', change.price)),
    status: change.status,
    unit: change.unit,
    weight_gram: change.weightGram,
    ...markupColumns(product, change),
    requires_details: change.requiresDetails,
    requires_proof: change.requiresProof,
    updated_at: tx.now,
  }
}

/** Type and value belong together: changing one re-reads the other. */
function markupColumns(product: Product, change: ProductChange): Updateable<DB['jastip_products']> {
  if (change.markupType === undefined && change.markupValue === undefined) return {}
  const type = change.markupType ?? product.markupType
  const value = change.markupValue ?? Number(product.markupValue)
  if (type === 'percent' && value > WHOLE_PERCENT) {
    throw invalid('markup_too_high', 'markupValue', 'a markup in percent is at most 100')
  }
  return { markup_type: type, markup_value: markupColumn(type, value) }
}
