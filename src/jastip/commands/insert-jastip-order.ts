import { sql } from 'kysely'
import { newId } from '../../platform/ids.ts'
import { toCents, toNumeric } from '../../platform/money.ts'
import type { Tx } from '../../platform/tx.ts'
import type { CheckoutTrip } from '../queries/checkout.ts'
import type { Quote } from '../quote.ts'
import type { Checkout } from './check-out.ts'

type Parts = { checkout: Checkout; trip: CheckoutTrip; quote: Quote; participantId: string; guestId: string }

/** What jastip keeps of a new order, with its lines as they are today: one statement. */
export async function insertJastipOrder(tx: Tx, orderId: string, parts: Parts): Promise<void> {
  const { checkout, trip, quote, participantId, guestId } = parts
  const address = quote.hasGoods && checkout.address !== undefined ? JSON.stringify(checkout.address) : null
  const dpPercent = trip.paymentType === 'full' ? '100' : trip.dpPercentage
  await sql`
    with j as (
      insert into jastip_orders (order_id, trip_id, participant_id, guest_id, buyer_name, notes, shipping_address, subtotal,
        dp_percent, dp_amount, final_payment_hours, validation_seconds)
      values (${orderId}, ${trip.id}, ${participantId}, ${guestId}, ${checkout.name}, ${checkout.notes ?? null},
        ${address}::jsonb, ${toNumeric(quote.subtotal)}, ${dpPercent}, ${toNumeric(quote.dp)}, ${trip.finalPaymentHours},
        ${trip.demoValidationSeconds})
    )
    insert into jastip_order_items (order_id, id, line, product_id, title, type, price, weight_gram, markup_type,
      markup_value, quantity, subtotal, note)
    select ${orderId}::uuid, l.id, l.line, l.product_id, l.title, l.type, l.price, l.weight_gram, l.markup_type,
      l.markup_value, l.quantity, l.subtotal, l.note
    from jsonb_to_recordset(${JSON.stringify(quote.lines.map(toRow))}::jsonb) as l (id uuid, line int, product_id uuid,
      title text, type text, price numeric, weight_gram int, markup_type text, markup_value numeric, quantity int,
      subtotal numeric, note text)
  `.execute(tx.db)
}

/** Amounts stay text on their way through JSON. */
const toRow = ({ product, quantity, note, ...line }: Quote['lines'][number], index: number) => ({
  id: newId(),
  line: index + 1,
  product_id: product.id,
  title: line.title,
  type: line.type,
  price: line.price,
  weight_gram: product.weightGram,
  markup_type: line.markupType,
  markup_value: line.markupValue,
  quantity,
  subtotal: toNumeric(toCents(line.price) * BigInt(quantity)),
  note,
})
