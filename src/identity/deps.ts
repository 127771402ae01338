import type { Config } from '../platform/config.ts'
import type { TxDeps } from '../platform/tx.ts'

/** What identity uses of the process' clients. */
export type IdentityDeps = TxDeps & { config: Config }
