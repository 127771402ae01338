import type { SeenServer } from './inspect-server.ts'
import type { Told } from './judge-orders.ts'
import type { Outages } from './outages.ts'
import { countsOf, OUR_KINDS } from './server-state.ts'
import type { Job, Stats } from './shapes.ts'
import { REFUND, WHATSAPP } from './stories.ts'

/** Numbers of one kind of jobs in this run. */
export type KindRow = {
  kind: string
  /** Such as `64 orders`; empty for kinds that run by themselves. */
  expected: string
  got: string
  retried: number
  died: number
  waiting: number
  differences: string[]
}

/** One row per kind of jobs that ran: what it had to do against the server's counts and its list of jobs. */
export function judgeJobs(buyers: readonly Told[], outages: Outages, before: Stats, seen: SeenServer): KindRow[] {
  const ours = OUR_KINDS.map(kind => judgeKind(kind, expectationOf(kind, buyers, outages), before, seen))
  const others = seen.stats.byKind
    .map(({ kind }) => kind)
    .filter(kind => !OUR_KINDS.some(our => our === kind))
    .map(kind => judgeOther(kind, before, seen.stats))
    .filter(row => row.got !== '0 jobs')
  return [...ours, ...others]
}

type Expectation = { units: 'messages' | 'orders'; count: number; retried: number; died: number }

function expectationOf(kind: string, buyers: readonly Told[], outages: Outages): Expectation {
  if (kind === WHATSAPP) {
    const count = buyers.reduce((sum, { story }) => sum + story.messages.length, 0)
    return { units: 'messages', count, retried: outages.messagesRetried, died: outages.redriven }
  }
  const count = buyers.filter(({ story }) => story.jobs.includes(kind)).length
  return { units: 'orders', count, retried: kind === REFUND ? outages.refundsRetried : 0, died: 0 }
}

function judgeKind(kind: string, expected: Expectation, before: Stats, seen: SeenServer): KindRow {
  const counts = countRun(kind, before, seen.stats)
  const jobs = seen.jobs.get(kind) ?? []
  const inState = (state: string) => jobs.filter(job => job.state === state).length
  const retried = countRetries(jobs)
  const reached = expected.units === 'messages' ? countMessages(seen) : countOrders(kind, seen)
  const isOneEach = expected.units === 'messages' || kind === REFUND
  const compared: [string, number, number][] = [
    [expected.units, expected.count, reached],
    ['completed jobs', isOneEach ? expected.count : inState('completed'), counts.completed],
    ['completed jobs in the list', counts.completed, inState('completed')],
    ['retries', expected.retried, retried],
    ['dead jobs', expected.died, counts.failed],
    ['open dead letters', 0, counts.dead],
    ['jobs that still wait', 0, counts.waiting],
  ]
  return {
    kind,
    expected: `${expected.count} ${expected.units}`,
    got: `${reached} ${expected.units} by ${jobsText(counts.completed)}`,
    retried,
    died: counts.failed,
    waiting: counts.waiting,
    differences: differencesOf(kind, compared),
  }
}

const jobsText = (count: number): string => `${count} ${count === 1 ? 'job' : 'jobs'}`

/** Kinds that run by themselves must only not fail. */
function judgeOther(kind: string, before: Stats, after: Stats): KindRow {
  const counts = countRun(kind, before, after)
  const compared: [string, number, number][] = [
    ['dead jobs', 0, counts.failed],
    ['open dead letters', 0, counts.dead],
  ]
  const got = jobsText(counts.completed)
  const differences = differencesOf(kind, compared)
  return { kind, expected: '', got, retried: 0, died: counts.failed, waiting: 0, differences }
}

const differencesOf = (kind: string, compared: [string, number, number][]): string[] =>
  compared
    .filter(([, expected, got]) => expected !== got)
    .map(([what, expected, got]) => `${kind}: ${got} ${what}, expected ${expected}`)

/** What this run added to the server's counts. */
function countRun(kind: string, before: Stats, after: Stats) {
  const [then, now] = [countsOf(before, kind), countsOf(after, kind)]
  const { queued, retrying, processing } = now
  return {
    completed: now.completed - then.completed,
    failed: now.failed - then.failed,
    dead: now.dead - then.dead,
    waiting: queued + retrying + processing + now.delayed - then.delayed,
  }
}

const countRetries = (jobs: readonly Job[]): number =>
  jobs.reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0)

const countMessages = ({ orders }: SeenServer): number =>
  [...orders.values()].reduce((sum, { messages }) => sum + messages.length, 0)

const countOrders = (kind: string, { orders }: SeenServer): number =>
  [...orders.values()].filter(({ jobs }) => jobs.some(job => job.kind === kind && job.state === 'completed')).length
