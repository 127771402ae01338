import type { Config } from '../../platform/config.ts'
import type { JobContract } from '../../platform/job.ts'
import type { TxDeps } from '../../platform/tx.ts'
import type { Schedule } from '../schedules.ts'

/** What monitoring uses of the process' clients and of the registry. */
export type MonitoringDeps = TxDeps & {
  config: Pick<Config, 'APP_TIMEZONE' | 'REDIS_URL'>
  hot: {
    state(): {
      mode: 'redis' | 'postgres'
      breaker: 'closed' | 'open' | 'half-open'
      since: Date
      lastError?: string | undefined
    }
  }
  /** For the retry curves; the queue rows of pg-boss know only the first step. */
  contracts: readonly JobContract<never>[]
  schedules: readonly Schedule[]
}
