import type { Buyer } from './buyer.ts'
import { chooseClumsy, gatherBuyers, scarcePieces } from './cast.ts'
import { sentenceOf } from './failure.ts'
import type { Mistake } from './mistakes.ts'
import { disturbRefunds, disturbWhatsapp, endOutages, type Outages, strikesFor } from './outages.ts'
import { actsAfterDeadlines, playAfterDeadlines, playRest, playUntilJudged } from './play-story.ts'
import { inPool, waitFor } from './pool.ts'
import type { Progress } from './progress.ts'
import { countWaitingJobs, listHeads } from './server-state.ts'
import type { Stats } from './shapes.ts'
import { DEADLINE_SECONDS, type Stage } from './stage.ts'
import { isLeftToItsDeadline, type Story } from './stories.ts'

/** Everything that happened, for the comparison with the server. */
export type Played = {
  buyers: Buyer[]
  mistakes: Mistake[]
  outages: Outages
  /** What did not happen in time, in sentences. */
  troubles: string[]
}

/** Buyers that are served at the same time: few enough that none of them comes near to a deadline. */
const WIDTH = 16
const SWEEP_SECONDS = 5
const SETTLE_LIMIT_SECONDS = 60
const UNDECIDED = ['pending_dp', 'awaiting_validation']

/** Plays all stories. What goes wrong with one buyer is noted and stops nobody else. `before`: the server's counts. */
export async function perform(
  stage: Stage,
  progress: Progress,
  stories: readonly Story[],
  before: Stats,
): Promise<Played> {
  const troubles: string[] = []
  const note = <T>(work: Promise<T>) => work.catch(error => void troubles.push(sentenceOf(error)))
  const strikes = strikesFor(stories)
  const outage = note(disturbWhatsapp(stage, before.timestamp, strikes))
  const pieces = scarcePieces(stories)
  const { buyers, mistakes } = await progress.act('rush for the last pieces', 2 * pieces, async report => {
    const gathered = await gatherBuyers(stage, stories, pieces)
    report(2 * pieces)
    return gathered
  })
  const clumsy = chooseClumsy(buyers)
  await playAct(progress, 'check out, pay down, the seller decides', buyers, async buyer => {
    const play = clumsy.get(buyer)
    if (play === undefined) await playUntilJudged(stage, buyer)
    else mistakes.push(...(await play(stage, buyer)))
  })
  const accepted = buyers.filter(buyer => buyer.story.rest !== 'none')
  await playAct(progress, 'the accepted pay the rest', accepted, buyer => playRest(stage, buyer))
  await disturbRefunds(stage, strikes)
  await note(waitForDeadlines(stage, progress, buyers, before.timestamp))
  const late = buyers.filter(({ story }) => actsAfterDeadlines(story))
  await playAct(progress, 'late money, transfers given back', late, buyer => playAfterDeadlines(stage, buyer))
  await note(waitUntilSettled(stage, progress, buyers, before))
  return { buyers, mistakes, outages: await endOutages(stage, (await outage) ?? 0, strikes), troubles }
}

/** One step of all these buyers; who had trouble before stays away. */
async function playAct(
  progress: Progress,
  title: string,
  buyers: readonly Buyer[],
  play: (buyer: Buyer) => Promise<void>,
): Promise<void> {
  let done = 0
  await progress.act(title, buyers.length, report =>
    inPool(buyers, WIDTH, async buyer => {
      if (buyer.troubles.length === 0) await play(buyer).catch(error => void buyer.troubles.push(sentenceOf(error)))
      report(++done)
    }),
  )
}

/** Until every order that nobody paid or judged has been ended by its deadline. */
async function waitForDeadlines(stage: Stage, progress: Progress, buyers: readonly Buyer[], since: string) {
  const due = new Set(buyers.filter(({ story }) => isLeftToItsDeadline(story)).map(buyer => buyer.orderId))
  const limit = 2 * (DEADLINE_SECONDS + SWEEP_SECONDS)
  await progress.act('deadlines pass', due.size, report =>
    waitFor('the end of all overdue orders', limit, async () => {
      const heads = await listHeads(stage, since)
      const left = heads.filter(({ id, status }) => due.has(id) && UNDECIDED.includes(status))
      report(due.size - left.length)
      return left.length === 0 || undefined
    }),
  )
}

/** Until every order stands where its story ends and no job of them is left to run. */
async function waitUntilSettled(stage: Stage, progress: Progress, buyers: readonly Buyer[], before: Stats) {
  const wanted = new Map(buyers.map(({ orderId, story }) => [orderId, story]))
  await progress.act('everything settles', buyers.length, report =>
    waitFor('the end of all orders and jobs', SETTLE_LIMIT_SECONDS, async () => {
      const heads = await listHeads(stage, before.timestamp)
      const settled = heads.filter(({ id, status, refundStatus }) => {
        const story = wanted.get(id)
        return story?.status === status && story.refundStatus === refundStatus
      })
      report(settled.length)
      const isDone = settled.length === buyers.length && (await countWaitingJobs(stage, before)) === 0
      return isDone || undefined
    }),
  )
}
