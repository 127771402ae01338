import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'

export type CheckoutProduct = {
  id: string
  stockItemId: string
  title: string
  type: 'goods' | 'tasks'
  status: 'active' | 'inactive'
  price: string
  weightGram: number | null
  markupType: 'percent' | 'flat'
  markupValue: string
  requiresDetails: boolean
  /** Null: unlimited. As it was a moment ago: the hold decides. */
  stock: number | null
}

type BankAccount = { bankName: string; accountNumber: string; accountHolderName: string }

export type CheckoutTrip = {
  id: string
  jastiperId: string
  jastiperSlug: string | null
  isActive: boolean
  deadline: Date | null
  paymentType: 'full' | 'dp'
  dpPercentage: string
  finalPaymentHours: number | null
  demoDpSeconds: number | null
  demoValidationSeconds: number | null
  bankAccount: BankAccount | null
  products: CheckoutProduct[]
}

/**
 * All that a checkout needs to know, in one statement: the trip by its key, the wanted products by theirs, and the
 * owner's account by `jastip_bank_accounts_primary`. Money travels as text: JSON numbers would be floats.
 */
export async function findCheckoutTrip(
  db: Db,
  tripId: string,
  productIds: readonly string[],
): Promise<CheckoutTrip | undefined> {
  const { rows } = await sql<CheckoutTrip>`
    select t.id, t.jastiper_id as "jastiperId", u.slug as "jastiperSlug",
      t.is_active and u.is_active as "isActive", t.deadline,
      t.payment_type as "paymentType", t.dp_percentage as "dpPercentage", t.final_payment_hours as "finalPaymentHours",
      t.demo_dp_seconds as "demoDpSeconds", t.demo_validation_seconds as "demoValidationSeconds",
      ${bankAccount} as "bankAccount",
      coalesce((
        select json_agg(json_build_object(
          'id', p.id, 'stockItemId', p.stock_item_id, 'title', p.title, 'type', p.type, 'status', p.status,
          'price', p.price::text, 'weightGram', p.weight_gram, 'markupType', p.markup_type,
          'markupValue', p.markup_value::text, 'requiresDetails', p.requires_details, 'stock', s.stock))
        from jastip_products p join stock_items s on s.id = p.stock_item_id
        where p.id = any(${productIds}::uuid[]) and p.trip_id = t.id and p.deleted_at is null
      ), '[]') as products
    from jastip_trips t
    join users u on u.id = t.jastiper_id
    left join jastip_bank_accounts b on b.user_id = t.jastiper_id and b.is_primary and b.deleted_at is null
    where t.id = ${tripId} and t.deleted_at is null
  `.execute(db)
  return rows[0]
}

const bankAccount = sql`case when b.id is not null then json_build_object(
  'bankName', b.bank_name, 'accountNumber', b.account_number, 'accountHolderName', b.account_holder_name) end`

/** What the answer of a checkout shows of an order that exists, for a replay. */
export type CheckoutRow = {
  orderId: string
  orderCode: string
  guestId: string
  sellerId: string
  sellerSlug: string | null
  subtotal: string
  dpAmount: string
  dpDeadline: Date | null
  finalPaymentHours: number | null
  bankAccount: BankAccount | null
}

export async function findCheckout(db: Db, orderId: string): Promise<CheckoutRow | undefined> {
  const { rows } = await sql<CheckoutRow>`
    select o.id as "orderId", o.code as "orderCode", j.guest_id as "guestId", o.owner_id as "sellerId",
      u.slug as "sellerSlug", j.subtotal,
      j.dp_amount as "dpAmount", case when o.status = 'pending_dp' then o.deadline_at end as "dpDeadline",
      j.final_payment_hours as "finalPaymentHours", ${bankAccount} as "bankAccount"
    from orders o
    join jastip_orders j on j.order_id = o.id
    join users u on u.id = o.owner_id
    left join jastip_bank_accounts b on b.user_id = o.owner_id and b.is_primary and b.deleted_at is null
    where o.id = ${orderId}
  `.execute(db)
  return rows[0]
}
