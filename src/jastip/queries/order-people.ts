import { sql } from 'kysely'
import { notFound } from '../../platform/errors.ts'
import type { Db } from '../../platform/tx.ts'

type OrderPeople = {
  trip: { id: string; title: string; slug: string }
  jastiper: { name: string; slug: string | null }
  /** The name as typed at checkout. */
  buyer: { name: string; phone: string }
}

/** Trip, seller and buyer of an order, by their keys. @throws AppError 404 */
export async function findOrderPeople(db: Db, orderId: string): Promise<OrderPeople> {
  const { rows } = await sql<OrderPeople>`
    select json_build_object('id', t.id, 'title', t.title, 'slug', t.slug) as trip,
      json_build_object('name', coalesce(u.profile_name, u.full_name), 'slug', u.slug) as jastiper,
      json_build_object('name', j.buyer_name, 'phone', p.phone) as buyer
    from jastip_orders j
    join jastip_trips t on t.id = j.trip_id
    join users u on u.id = t.jastiper_id
    join jastip_participants p on p.id = j.participant_id
    where j.order_id = ${orderId}
  `.execute(db)
  const people = rows[0]
  if (people === undefined) throw notFound('Order')
  return people
}
