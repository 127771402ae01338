import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'

export type Proof = {
  id: string
  orderId: string
  kind: 'dp' | 'final'
  storageKey: string
  contentType: string
  bytes: number
  createdAt: Date
}

const proofs = (db: Db) =>
  db
    .selectFrom('jastip_order_proofs')
    .select([
      'id',
      'order_id as orderId',
      sql<Proof['kind']>`kind`.as('kind'),
      'storage_key as storageKey',
      'content_type as contentType',
      'bytes',
      'created_at as createdAt',
    ])

/** Oldest first. */
export const listProofs = (db: Db, orderId: string): Promise<Proof[]> =>
  proofs(db).where('order_id', '=', orderId).orderBy('created_at').orderBy('id').execute()

/** By `jastip_order_proofs_id`. */
export async function findProof(db: Db, id: string): Promise<Proof | undefined> {
  return await proofs(db).where('id', '=', id).executeTakeFirst()
}

/** Whether a stored file belongs to a proof of this order. */
export async function hasProofFile(db: Db, orderId: string, storageKey: string): Promise<boolean> {
  const proof = await proofs(db)
    .where('order_id', '=', orderId)
    .where('storage_key', '=', storageKey)
    .executeTakeFirst()
  return proof !== undefined
}
