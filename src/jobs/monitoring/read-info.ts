import type { MonitoringDeps } from './deps.ts'
import { type Depth, readDepth } from './read-depth.ts'
import { type Latency, readLatency } from './read-latency.ts'
import { readSchedules, type ScheduleView } from './read-schedules.ts'

export type KindInfo = Depth &
  Latency & {
    /** Seconds before each retry; null for a kind that this checkout does not know any more. */
    retryCurveSeconds: readonly number[] | null
    timeoutSeconds: number | null
    schedules: ScheduleView[]
  }

const NOTHING_RAN: Latency = {
  throughputPerMinute: 0,
  wait: { p50: null, p95: null, p99: null },
  run: { p50: null, p95: null, p99: null },
}

/** Everything about every kind of jobs: depth, throughput, wait and run times, rules, pause, schedules. */
export async function readInfo(deps: MonitoringDeps): Promise<{ kinds: KindInfo[]; timestamp: Date }> {
  const [depth, latency, schedules] = await Promise.all([readDepth(deps.db), readLatency(deps.db), readSchedules(deps)])
  const contracts = new Map(deps.contracts.map(contract => [contract.kind, contract]))
  const kinds = depth.map(one => {
    const contract = contracts.get(one.kind)
    return {
      ...one,
      ...(latency.get(one.kind) ?? NOTHING_RAN),
      retryCurveSeconds: contract?.retry ?? null,
      timeoutSeconds: contract?.timeoutSeconds ?? null,
      schedules: schedules.filter(schedule => schedule.kind === one.kind),
    }
  })
  return { kinds, timestamp: new Date() }
}
