import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { receiveUpload } from '../../files/index.ts'
import { notFound } from '../../platform/errors.ts'
import { HANDLED, type Route, route } from '../../platform/http.ts'
import { inTransaction } from '../../platform/tx.ts'
import { proofKind, submitProof } from '../commands/submit-proof.ts'
import type { JastipDeps } from '../deps.ts'
import { type IdParams, idParams, type OrderParams, orderParams } from '../inputs.ts'
import { getJastipOrder } from '../queries/orders.ts'
import { findProof, hasProofFile } from '../queries/proofs.ts'
import { orderShape } from '../shapes.ts'
import { viewOrder } from '../view.ts'
import { passOf } from './callers.ts'
import { getVisibleOrder } from './orders.ts'

const FOLDER = 'proofs'

const postUpload = route<JastipDeps, OrderParams, unknown, unknown, unknown>(
  {
    method: 'post',
    path: '/api/upload/:orderId',
    who: ['pass'],
    summary: 'Proof of a transfer as one multipart part `file`; the status tells of which payment. Uses up the link',
    params: orderParams,
    answer: z.object({ proofId: z.uuid(), kind: z.enum(['dp', 'final']), order: orderShape }),
    status: 201,
    errors: [
      'order_wrong_state',
      'token_used',
      'challenge_required',
      'file_too_large',
      'file_type_not_allowed',
      'file_missing',
      'too_many_files',
    ],
    limit: { points: 20, seconds: 60 },
    bodyAs: 'none',
  },
  async (deps, { actor, params, req }) => {
    const { orderId, guestId, tokenId } = passOf(actor, params.orderId)
    // Before a file is taken that nobody wants; the transaction judges again.
    proofKind(await getJastipOrder(deps.db, orderId))
    const file = await receiveUpload(req, deps.files, { folder: FOLDER })
    try {
      const made = await inTransaction(deps, actor, tx => submitProof(tx, { orderId, guestId, tokenId, file }))
      const order = await viewOrder(deps.db, actor, await getJastipOrder(deps.db, orderId))
      return { data: { ...made, order } }
    } catch (error) {
      await dropUnused(deps, orderId, file.key)
      throw error
    }
  },
)

/** A commit whose answer was lost keeps its file. When the database cannot tell, the file waits for the sweep of orphans. */
async function dropUnused(deps: JastipDeps, orderId: string, key: string): Promise<void> {
  try {
    if (!(await hasProofFile(deps.db, orderId, key))) await deps.files.remove(key)
  } catch (error) {
    deps.log.warn({ err: error, order_id: orderId }, 'the file of a failed upload could not be removed')
  }
}

const getUpload = route<JastipDeps, IdParams, unknown, unknown, unknown>(
  {
    method: 'get',
    path: '/api/uploads/:id',
    who: ['jastiper', 'pass', 'admin'],
    summary: 'The bytes of a proof',
    params: idParams,
    answer: 'stream',
  },
  async (deps, { actor, params, res }) => {
    const proof = await findProof(deps.db, params.id)
    if (proof === undefined) throw notFound('File')
    await getVisibleOrder(deps, actor, proof.orderId)
    const content = await deps.files.open(proof.storageKey)
    const disposition = proof.contentType === 'application/pdf' ? 'attachment' : 'inline'
    res.set({
      'Content-Type': proof.contentType,
      'Content-Length': String(proof.bytes),
      'Content-Disposition': disposition,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    })
    // A client that goes away ends the stream; there is nobody left to tell.
    await pipeline(content, res).catch(error => deps.log.debug({ err: error }, 'a download broke off'))
    return HANDLED
  },
)

export const uploadRoutes: Route<JastipDeps>[] = [postUpload, getUpload]
