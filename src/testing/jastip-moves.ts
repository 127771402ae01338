import { issueGuestToken } from '../identity/index.ts'
import { acceptOrder } from '../jastip/commands/accept-order.ts'
import { approveFinal, rejectFinal } from '../jastip/commands/approve-final.ts'
import { cancelOrder, expireDpOrders } from '../jastip/commands/cancel-orders.ts'
import { confirmRefund } from '../jastip/commands/confirm-refund.ts'
import { finishRefund } from '../jastip/commands/finish-refund.ts'
import { receivePayment } from '../jastip/commands/receive-payment.ts'
import { autoRefundOrders, expireFinalOrders, rejectOrder } from '../jastip/commands/reject-orders.ts'
import { submitProof } from '../jastip/commands/submit-proof.ts'
import { jastip } from '../jastip/index.ts'
import { getJastipOrder, getOwnOrder, type JastipOrder } from '../jastip/queries/orders.ts'
import { listRefunds } from '../jastip/queries/refunds.ts'
import { newId } from '../platform/ids.ts'
import type { Tx } from '../platform/tx.ts'
import { releaseStockHandler } from '../stock/index.ts'

export type Move = {
  /** Makes small choices within a move. */
  flavour: number
  orderId: string
  sellerId: string
}

const REASON = 'it is not what I sell'
const FAR = new Date('2100-01-01T00:00:00Z')
const release = releaseStockHandler([jastip])

/** Everything that people, the gateway and timers do to a jastip order after its checkout, as their routes and jobs do it. */
export const jastipMoves = {
  proof: async (tx, { orderId }) => {
    const { guestId, ownerId } = await getJastipOrder(tx.db, orderId)
    const tokenId = await freshToken(tx, { orderId, guestId, sellerId: ownerId })
    const file = { key: `proofs/${newId()}`, type: 'image/png', bytes: 70, sha256: '0'.repeat(64) }
    await submitProof(tx, { orderId, guestId, tokenId, file })
  },
  payDp: async (tx, move) => await pay(tx, move, 'dp'),
  payFinal: async (tx, move) => await pay(tx, move, 'final'),
  accept: async (tx, { orderId, sellerId, flavour }) => {
    const order = await getOwnOrder(tx.db, sellerId, orderId)
    await acceptOrder(tx, order, { by: sellerId, shippingFee: flavour % 2 ? 0 : 15_000 })
  },
  reject: (tx, { orderId, sellerId, flavour }) =>
    rejectOrder(tx, orderId, { by: sellerId, reason: REASON, dpReceived: flavour % 2 === 0 }),
  approveFinal: async (tx, { orderId, sellerId }) =>
    await approveFinal(tx, await getOwnOrder(tx.db, sellerId, orderId), sellerId),
  rejectFinal: async (tx, { orderId, sellerId }) =>
    await rejectFinal(tx, await getOwnOrder(tx.db, sellerId, orderId), { by: sellerId, reason: REASON }),
  cancel: async (tx, { orderId }) => {
    const { guestId, ownerId } = await getJastipOrder(tx.db, orderId)
    await cancelOrder(tx, orderId, { tokenId: await freshToken(tx, { orderId, guestId, sellerId: ownerId }) })
  },
  expireDp: (tx, { orderId }) => expireDpOrders(tx, [orderId], FAR),
  autoRefund: (tx, { orderId }) => autoRefundOrders(tx, [orderId], FAR),
  expireFinal: (tx, { orderId }) => expireFinalOrders(tx, [orderId], FAR),
  endRefund: async (tx, { orderId, flavour }) => {
    const [refund] = await listRefunds(tx.db, orderId)
    const status = flavour % 3 === 0 ? 'failed' : 'succeeded'
    if (refund !== undefined) await finishRefund(tx, orderId, refund.id, { status })
  },
  confirmRefund: async (tx, { orderId, sellerId, flavour }) => {
    const said = flavour % 2 ? ({ notReceived: true, reason: REASON } as const) : { reference: 'TRX-1' }
    await confirmRefund(tx, sellerId, orderId, said)
  },
  releaseStock: (tx, { orderId }) => release.run(tx, [{ orderIds: [orderId] }], []),
} satisfies Record<string, (tx: Tx, move: Move) => Promise<void>>

export type MoveName = keyof typeof jastipMoves

/** The link of a message: issued before, or now. */
async function freshToken(tx: Tx, link: { orderId: string; guestId: string; sellerId: string }): Promise<string> {
  await issueGuestToken(tx, { ...link, purpose: 'order' })
  const token = await tx.db
    .selectFrom('guest_access_tokens')
    .select('id')
    .where('order_id', '=', link.orderId)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('purpose', '=', 'order')
    .executeTakeFirstOrThrow()
  return token.id
}

/** Mostly the whole amount under few payment ids, so that the same news comes again; sometimes failed or too little. */
async function pay(tx: Tx, { orderId, flavour }: Move, kind: 'dp' | 'final'): Promise<void> {
  const order: JastipOrder = await getJastipOrder(tx.db, orderId)
  const asked = Number((kind === 'dp' ? order.dpAmount : order.remainingAmount) ?? 1_000)
  const status = flavour % 5 === 0 ? 'failed' : 'paid'
  const amount = flavour % 7 === 0 ? asked + 1_000 : asked
  const paymentId = `${kind}-${orderId}-${flavour % 4}`
  await receivePayment(tx, { kind, paymentId, orderId, status, amount, currency: 'IDR', rawBody: Buffer.from('{}') })
}
