import type { SeenServer } from './inspect-server.ts'
import { judgeJobs, type KindRow } from './judge-jobs.ts'
import { judgeOrders, type StoryRow } from './judge-orders.ts'
import { judgeSums, type SumRow } from './judge-sums.ts'
import type { Mistake } from './mistakes.ts'
import type { Outages } from './outages.ts'
import type { Played } from './perform.ts'
import type { Stats } from './shapes.ts'
import { type Paint, tableOf } from './show.ts'
import type { Stage } from './stage.ts'
import { STORIES } from './stories.ts'

export type Result = {
  orders: StoryRow[]
  jobs: KindRow[]
  sums: SumRow[]
  mistakes: Mistake[]
  /** Everything in which the server's word is not what was played, in sentences. */
  differences: string[]
}

/** Compares what was played with what the server says. `before`: its counts when the run began. */
export function resultOf(
  stage: Pick<Stage, 'goods' | 'scarce'>,
  played: Played,
  before: Stats,
  seen: SeenServer,
): Result {
  const { buyers, mistakes, outages, troubles } = played
  const orders = judgeOrders(STORIES, buyers, seen.orders)
  const jobs = judgeJobs(buyers, outages, before, seen)
  const sums = judgeSums(buyers, [stage.goods, stage.scarce], outages, seen)
  const differing = [...sums, ...mistakes].filter(row => !isSame(row))
  const differences = [
    ...troubles,
    ...orders.flatMap(row => row.differences),
    ...jobs.flatMap(row => row.differences),
    ...differing.map(({ what, expected, got }) => `${what}: ${got}, expected ${expected}`),
  ]
  return { orders, jobs, sums, mistakes, differences }
}

const isSame = ({ expected, got }: { expected: string; got: string }): boolean => expected === got

/** The result as tables. */
export function resultLines(result: Result, outages: Outages, seen: SeenServer, paint: Paint): string[] {
  const { orders, jobs, sums, mistakes } = result
  const mark = (same: boolean) => (same ? paint.good('same') : paint.bad('DIFFERS'))
  const orderRows = orders.map(row => [row.name, row.orders, row.expected, row.got, mark(row.differences.length === 0)])
  const jobRows = jobs.map(({ kind, expected, got, retried, died, waiting, differences }) => {
    const isGood = mark(differences.length === 0)
    return [kind, expected || 'runs by itself', got, retried, died, waiting, isGood]
  })
  const sumRows = sums.map(row => [row.what, row.expected, row.got, mark(isSame(row))])
  const mistakeRows = mistakes.map(row => [row.what, row.got, mark(isSame(row))])
  const section = (title: string, head: string[], rows: (string | number)[][]) => [
    '',
    paint.bold(title),
    ...tableOf(head, rows),
  ]
  return [
    ...section('What became of the orders', ['a buyer who …', 'orders', 'expected', 'server', ''], orderRows),
    ...section('What became of their jobs', ['kind', 'expected', 'server', 'retried', 'died', 'waiting', ''], jobRows),
    outageLine(outages),
    ...section('Money and stock', ['', 'expected', 'server', ''], sumRows),
    ...section('Mistakes that people make', ['', 'server', ''], mistakeRows),
    ...['', healthLine(seen)],
  ]
}

const outageLine = ({ redriven, messagesRetried, refundsRetried }: Outages): string =>
  `  Done on purpose: ${redriven} message refused for good, redriven by ops; ${messagesRetried} messages and ${refundsRetried} refunds failed at first.`

function healthLine({ health }: SeenServer): string {
  const reasons = health.reasons.length === 0 ? '' : ` (${health.reasons.join('; ')})`
  return `  The server says: ${health.overall}, ${health.workers} worker${health.workers === 1 ? '' : 's'} alive${reasons}`
}

const MOST_SHOWN = 30

/** The differences as a list that stays readable. */
export function differenceLines({ differences, jobs }: Result): string[] {
  const more = differences.length - MOST_SHOWN
  const shown = differences.slice(0, MOST_SHOWN).map(difference => `  - ${difference}`)
  const isShared = jobs.some(row => row.differences.length > 0)
  return [
    ...shown,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...(isShared
      ? ['  Job counts are those of the whole server: somebody else who uses it meanwhile is counted too.']
      : []),
  ]
}
