import type { ReceivedFile } from '../../files/index.ts'
import { useGuestToken } from '../../identity/index.ts'
import { conflict, notFound } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'
import { type JastipOrder, lockOrder } from '../queries/orders.ts'
import { type PaymentKind, submitPayment } from './submit-payment.ts'

/** Which payment a proof is of: the status tells. @throws AppError 409 `order_wrong_state` when it is neither */
export function proofKind(order: JastipOrder): PaymentKind {
  if (order.status === 'pending_dp') return 'dp'
  if (order.status === 'awaiting_final_payment') return 'final'
  throw conflict('order_wrong_state', `The order is ${order.status} and takes no proof now`, {
    currentStatus: order.status,
  })
}

/**
 * Takes the buyer's proof of a transfer: the payment counts as claimed until the owner judges it. Uses up the link
 * behind the pass; earlier proofs stay. Returns the proof's id.
 * @throws AppError 404, 409 `order_wrong_state`, 401 `token_used`
 */
export async function submitProof(
  tx: Tx,
  given: { orderId: string; guestId: string; tokenId: string; file: ReceivedFile },
): Promise<{ proofId: string; kind: PaymentKind }> {
  const order = await lockOrder(tx, given.orderId)
  if (order === undefined) throw notFound('Order')
  await useGuestToken(tx, given.tokenId)
  const kind = proofKind(order)
  const proofId = newId()
  await insertProof(tx, { ...given, proofId, kind })
  await insertClaim(tx, order, kind)
  await submitPayment(tx, order, kind)
  return { proofId, kind }
}

type Proof = { orderId: string; guestId: string; file: ReceivedFile; proofId: string; kind: PaymentKind }

async function insertProof(tx: Tx, { orderId, guestId, file, proofId, kind }: Proof): Promise<void> {
  await tx.db
    .insertInto('jastip_order_proofs')
    .values({
      order_id: orderId,
      id: proofId,
      kind,
      storage_key: file.key,
      content_type: file.type,
      bytes: file.bytes,
      sha256: file.sha256,
      uploaded_by: guestId,
      created_at: tx.now,
    })
    .execute()
}

async function insertClaim(tx: Tx, order: JastipOrder, kind: PaymentKind): Promise<void> {
  const amount = kind === 'dp' ? order.dpAmount : order.remainingAmount
  if (amount === null) throw new Error(`order ${order.id} waits for a final payment without an amount`)
  await tx.db
    .insertInto('jastip_payments')
    .values({
      order_id: order.id,
      id: newId(),
      kind,
      provider: 'transfer',
      amount,
      status: 'claimed',
      created_at: tx.now,
      updated_at: tx.now,
    })
    .execute()
}
