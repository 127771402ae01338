import type { Tx } from '../../platform/tx.ts'
import { holdStock, stockShortages } from '../../stock/index.ts'
import { type QuotedLine, stockInsufficient } from '../quote.ts'

/**
 * Holds the stock of all lines with goods, or nothing; tasks have none.
 * @throws AppError 409 `stock_insufficient` that names the short products
 */
export async function holdQuoted(
  tx: Tx,
  orderId: string,
  lines: readonly QuotedLine[],
  expiresAt: Date,
): Promise<void> {
  const goods = lines.filter(line => line.type === 'goods')
  const wanted = goods.map(line => ({ itemId: line.product.stockItemId, quantity: line.quantity }))
  try {
    await holdStock(tx, orderId, wanted, expiresAt)
  } catch (error) {
    const short = stockShortages(error)
    if (short === undefined) throw error
    throw stockInsufficient(
      short.map(({ itemId, available, requested }) => {
        const product = goods.find(line => line.product.stockItemId === itemId)?.product
        return { productId: product?.id ?? '', title: product?.title ?? '', available, requested }
      }),
    )
  }
}
