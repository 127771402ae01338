import { sql } from 'kysely'
import { issueGuestToken } from '../identity/index.ts'
import type { Config } from '../platform/config.ts'
import { notFound } from '../platform/errors.ts'
import type { Tx } from '../platform/tx.ts'

type LinkConfig = Pick<Config, 'PUBLIC_URL'>

/** Where a buyer reaches an order. The token stands behind `#`, so that it reaches no server log. */
export function guestLink(config: LinkConfig, sellerSlug: string | null, token: string): string {
  return `${config.PUBLIC_URL.replace(/\/+$/, '')}/o/${sellerSlug ?? 'order'}#${token}`
}

/** Issues a token for the order, which revokes the earlier unused one of its purpose, and returns its link. */
export async function mintGuestLink(
  tx: Tx,
  config: LinkConfig,
  link: { orderId: string; guestId: string; purpose: 'checkout' | 'order' },
): Promise<string> {
  const { rows } = await sql<{ sellerId: string; slug: string | null }>`
    select orders.owner_id as "sellerId", users.slug
    from orders join users on users.id = orders.owner_id
    where orders.id = ${link.orderId}
  `.execute(tx.db)
  const seller = rows[0]
  if (seller === undefined) throw notFound('Order')
  const token = await issueGuestToken(tx, { ...link, sellerId: seller.sellerId })
  return guestLink(config, seller.slug, token)
}
