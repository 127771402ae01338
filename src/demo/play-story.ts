import { askForLink, type Buyer, checkOut, openLink, payLink, sendProof, waitForStatus } from './buyer.ts'
import { accept, confirmReturn, judgeFinal, reject } from './seller.ts'
import { anything } from './shapes.ts'
import type { Stage } from './stage.ts'
import type { Story } from './stories.ts'

/** From the checkout to the seller's answer, as far as this story goes. */
export async function playUntilJudged(stage: Stage, buyer: Buyer): Promise<void> {
  if (buyer.orderId === '') await checkOut(stage, buyer)
  await payDown(stage, buyer)
  await judgeStory(stage, buyer)
}

async function payDown(stage: Stage, buyer: Buyer): Promise<void> {
  const { dp } = buyer.story
  if (dp === 'never') return
  await openLink(stage, buyer, buyer.linkToken)
  if (dp === 'cancels') return await cancel(stage, buyer)
  if (dp === 'proof') return await sendProof(stage, buyer)
  const link = await askForLink(stage, buyer, 'dp')
  if (dp === 'late') {
    buyer.lateLink = link
    return
  }
  await payLink(link)
  await waitForStatus(stage, buyer, 'awaiting_validation')
}

async function cancel(stage: Stage, buyer: Buyer): Promise<void> {
  await stage.api.post(anything, `/api/orders/${buyer.orderId}/cancel`, { token: buyer.pass, body: {} })
}

export async function judgeStory(stage: Stage, buyer: Buyer): Promise<void> {
  const { judgement } = buyer.story
  if (judgement === 'accepts') await accept(stage, buyer)
  if (judgement === 'rejects') await reject(stage, buyer, true)
  if (judgement === 'says it never came') await reject(stage, buyer, false)
}

/** The final payment of an accepted order and the seller's word on it. A proof needs the link that WhatsApp brings. */
export async function playRest(stage: Stage, buyer: Buyer): Promise<void> {
  const { rest } = buyer.story
  if (rest === 'none') return
  if (rest === 'link') {
    await payLink(await askForLink(stage, buyer, 'final'))
    await waitForStatus(stage, buyer, 'awaiting_final_validation')
  } else {
    await openLink(stage, buyer, await stage.simulators.linkToken(buyer.customer.phone, 'accepted'))
    await sendProof(stage, buyer)
  }
  await judgeFinal(stage, buyer, rest === 'refused' ? 'reject' : 'accept')
}

const isReturnedByHand = ({ refund }: Story): boolean => refund?.through === 'seller' && refund.status === 'succeeded'

/** Whether something of this story happens only once the deadlines have passed. */
export const actsAfterDeadlines = (story: Story): boolean => story.dp === 'late' || isReturnedByHand(story)

/** Late money arrives, the seller gives a transfer back. */
export async function playAfterDeadlines(stage: Stage, buyer: Buyer): Promise<void> {
  if (buyer.story.dp === 'late') await payLink(buyer.lateLink)
  if (isReturnedByHand(buyer.story)) await confirmReturn(stage, buyer)
}
