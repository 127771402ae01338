import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'
import type { Line } from '../fees.ts'

export type OrderItem = Line & {
  id: string
  orderId: string
  productId: string
  weightGram: number | null
  subtotal: string
  note: string | null
}

/** The lines of these orders as they were at checkout, in the order in which they were given. */
export function listOrderItems(db: Db, orderIds: readonly string[]): Promise<OrderItem[]> {
  return db
    .selectFrom('jastip_order_items')
    .where('order_id', 'in', [...orderIds])
    .select([
      'id',
      'order_id as orderId',
      'product_id as productId',
      'title',
      sql<Line['type']>`type`.as('type'),
      'quantity',
      'price',
      sql<Line['markupType']>`markup_type`.as('markupType'),
      'markup_value as markupValue',
      'weight_gram as weightGram',
      'subtotal',
      'note',
    ])
    .orderBy('order_id')
    .orderBy('line')
    .execute()
}
