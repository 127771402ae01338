import { castStories, isLeftToItsDeadline, STORIES } from './stories.ts'

const DAILY_MESSAGES = 5

describe('the stories', () => {
  it('are told 200 times by their shares', () => {
    const counts = Map.groupBy(castStories(200), story => story)
    for (const story of STORIES) expect(counts.get(story)).toHaveLength(story.share)
  })

  it.each([12, 20, 37, 199, 201, 2_000])('are each told at least once by %i buyers, who all have one', buyers => {
    const cast = castStories(buyers)
    expect(cast).toHaveLength(buyers)
    expect(new Set(cast).size).toBe(STORIES.length)
  })

  it('need no more messages than a recipient gets in a day, and begin with the order', () => {
    for (const { messages } of STORIES) {
      expect(messages.length).toBeLessThanOrEqual(DAILY_MESSAGES)
      expect(messages[0]).toBe('order_created')
    }
  })

  it('agree with themselves: who keeps nothing releases it, and whose money goes back has a refund job', () => {
    for (const story of STORIES) {
      expect(story.jobs.includes('stock.release')).toBe(!story.keepsStock)
      expect(story.jobs.includes('payment.refund')).toBe(story.refund !== null)
      expect(story.messages.includes('refunded')).toBe(story.refund?.status === 'succeeded')
      const deadlineJobs = ['order.expire-dp', 'order.auto-refund'].filter(kind => story.jobs.includes(kind))
      expect(deadlineJobs).toHaveLength(isLeftToItsDeadline(story) ? 1 : 0)
    }
  })
})
