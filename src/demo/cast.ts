import { type Buyer, newBuyer } from './buyer.ts'
import { newCustomer, newPhones } from './customers.ts'
import { type Mistake, playClumsyLink, playClumsyTransfer } from './mistakes.ts'
import { rushForScarce } from './rush.ts'
import type { Stage } from './stage.ts'
import { isLeftToItsDeadline, type Story } from './stories.ts'

/** Who pays by link, and by transfer, and is paid in the end: winners of the rush and clumsy people are among them. */
const isPaid = (dp: Story['dp']) => (story: Story) => story.dp === dp && story.status === 'paid'
const paysByLink = isPaid('link')
const paysByTransfer = isPaid('proof')

/** So many scarce pieces that only part of those who would get along with one gets one. */
export const scarcePieces = (stories: readonly Story[]): number =>
  Math.max(2, Math.floor(stories.filter(paysByLink).length / 4))

/**
 * The buyers of all stories, those first whose deadline has to pass. As many as there are scarce pieces come out of a
 * rush for them.
 */
export async function gatherBuyers(
  stage: Stage,
  stories: readonly Story[],
  pieces: number,
): Promise<{ buyers: Buyer[]; mistakes: Mistake[] }> {
  const phones = newPhones(stories.length + 2 * pieces)
  const story = stories.find(paysByLink)
  if (story === undefined) throw new Error('no story pays by link')
  const { winners, mistakes } = await rushForScarce(stage, story, pieces, phones.slice(stories.length))
  const others = withoutFirst(stories, paysByLink, winners.length).toSorted((a, b) => patience(a) - patience(b))
  const buyers = others.map((each, n) => newBuyer(each, newCustomer(stage, phones[n] ?? '', n)))
  return { buyers: [...winners, ...buyers], mistakes }
}

const patience = (story: Story): number => (isLeftToItsDeadline(story) ? 0 : 1)

function withoutFirst(stories: readonly Story[], isOne: (story: Story) => boolean, count: number): Story[] {
  let left = count
  return stories.filter(story => !isOne(story) || left-- <= 0)
}

type Play = (stage: Stage, buyer: Buyer) => Promise<Mistake[]>

/** Two who do wrong what can be done wrong. */
export function chooseClumsy(buyers: readonly Buyer[]): Map<Buyer, Play> {
  const chosen = new Map<Buyer, Play>()
  const byLink = buyers.find(buyer => paysByLink(buyer.story))
  const byTransfer = buyers.find(buyer => paysByTransfer(buyer.story))
  if (byLink !== undefined) chosen.set(byLink, playClumsyLink)
  if (byTransfer !== undefined) chosen.set(byTransfer, playClumsyTransfer)
  return chosen
}
