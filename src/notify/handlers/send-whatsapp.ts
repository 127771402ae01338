import { type OutsideHandler, type OutsideRun, outside, Snooze } from '../../platform/job.ts'
import { claimMessage, recordFailed, recordSent } from '../claim-message.ts'
import { sendWhatsapp } from '../jobs.ts'
import type { NotifyDeps } from '../template.ts'
import { postWhatsapp } from '../whatsapp.ts'

/** Below the grace period of a deploy: a call under way gets its answer before the worker stops. */
const CALL_TIMEOUT_MS = 7_000

/**
 * Sends one message: claim and render, call, record. Sent at most once unless the answer is lost: WhatsApp knows no
 * idempotency key, so a retry may then send it twice.
 */
export const sendWhatsappHandler: OutsideHandler<NotifyDeps> = outside(
  sendWhatsapp,
  async (deps: NotifyDeps, { notificationId }, run) => {
    const claimed = await run.transaction(tx => claimMessage(tx, deps, notificationId))
    if (claimed.to === 'skip') return
    if (claimed.to === 'wait') throw new Snooze(claimed.seconds, 'the daily limit of the recipient is reached')
    run.signal.throwIfAborted()
    const providerMessageId = await postWhatsapp(claimed.baseUrl, deps.config, claimed.message, callSignal(run))
    const { language } = claimed.message
    await run.complete(tx => recordSent(tx, notificationId, { providerMessageId, language }))
  },
  { onDead: (tx, { notificationId }, error) => recordFailed(tx, notificationId, error) },
)

/** A stopping worker does not cut the call: the message may be sent already, and would be sent again elsewhere. */
function callSignal(run: OutsideRun): AbortSignal {
  const cancelled = new AbortController()
  const cancel = () => run.isStopping() || cancelled.abort(run.signal.reason)
  run.signal.addEventListener('abort', cancel, { once: true })
  return AbortSignal.any([cancelled.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)])
}
