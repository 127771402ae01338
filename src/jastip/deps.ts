import type { FileStore } from '../files/index.ts'
import type { PaymentProvider } from '../payments/index.ts'
import type { Config } from '../platform/config.ts'
import type { TxDeps } from '../platform/tx.ts'

/** What jastip's routes and network jobs use. Without a gateway only transfers are offered. */
export type JastipDeps = TxDeps & {
  config: Config
  files: FileStore
  paymentProvider: PaymentProvider | undefined
}
