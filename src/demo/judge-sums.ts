import type { SeenServer } from './inspect-server.ts'
import { receivedOf, returnedOf, type Told } from './judge-orders.ts'
import type { Outages } from './outages.ts'

/** A figure over all orders. */
export type SumRow = { what: string; expected: string; got: string }

type Wares = { id: string; title: string; stock: number | null }
export type Bought = Told & { customer: { items: readonly { productId: string; quantity: number }[] } }

/** Money at the payment provider, stock and orders of the trip against what was played. */
export function judgeSums(
  buyers: readonly Bought[],
  wares: readonly Wares[],
  outages: Outages,
  seen: SeenServer,
): SumRow[] {
  const orders = [...seen.orders.values()]
  const row = (what: string, expected: unknown, got: unknown): SumRow => ({
    what,
    expected: String(expected),
    got: String(got),
  })
  const money = (what: string, expected: number, got: number) => row(what, rupiah(expected), rupiah(got))
  return [
    row('orders of the trip', buyers.length, seen.orderCount),
    money('received by the payment provider', sum(buyers.map(receivedOf)), sum(orders.map(order => order.received))),
    money('given back by it', sum(buyers.map(returnedOf)), sum(orders.map(order => order.returned))),
    row('refunds asked for again after a failure', outages.refundsRetried, seen.refundCallsAgain),
    ...wares.flatMap(({ id, title, stock }) =>
      stock === null ? [] : [row(`stock of ${title}`, stock - keptOf(buyers, id), seen.stocks.get(id))],
    ),
  ]
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

/** Pieces that are sold or held at the end. */
const keptOf = (buyers: readonly Bought[], productId: string): number =>
  sum(
    buyers
      .filter(({ story }) => story.keepsStock)
      .flatMap(({ customer }) => customer.items)
      .filter(item => item.productId === productId)
      .map(item => item.quantity),
  )

/** Such as `Rp 453.793`. */
const rupiah = (amount: number): string => `Rp ${new Intl.NumberFormat('id-ID').format(amount)}`
