import type { JobHandler } from '../platform/job.ts'
import type { JastipDeps } from './deps.ts'
import {
  autoCompleteHandler,
  autoRefundHandler,
  expireDpHandler,
  expireFinalHandler,
} from './handlers/move-due-orders.ts'
import { sendRefundHandler } from './handlers/send-refund.ts'

/** Every job handler of jastip. */
export const jastipHandlers: readonly JobHandler<JastipDeps>[] = [
  expireDpHandler,
  autoRefundHandler,
  expireFinalHandler,
  autoCompleteHandler,
  sendRefundHandler,
]
