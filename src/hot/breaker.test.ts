import { withinLimit } from '../platform/within-limit.ts'
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts'

describe('the breaker', () => {
  let changes: BreakerState['breaker'][]
  let breaker: Breaker

  beforeEach(() => {
    changes = []
    breaker = createBreaker({ failuresToOpen: 3, onChange: state => changes.push(state.breaker) })
  })

  it('opens after three failures in a row and remembers the last error', () => {
    breaker.failed(new Error('one'))
    breaker.failed(new Error('two'))
    expect(breaker.isClosed()).toBe(true)
    breaker.failed(new Error('three'))
    expect(breaker.isClosed()).toBe(false)
    expect(breaker.state()).toMatchObject({ breaker: 'open', lastError: 'three' })
    expect(changes).toEqual(['open'])
  })

  it('begins to count anew after a success', () => {
    for (const _ of [1, 2, 3]) {
      breaker.failed(new Error('late'))
      breaker.failed(new Error('late'))
      breaker.succeeded()
    }
    expect(breaker.isClosed()).toBe(true)
  })

  it('lets no call through while a probe is under way', () => {
    breaker.trip(new Error('gone'))
    breaker.halfOpen()
    expect(breaker.state().breaker).toBe('half-open')
    expect(breaker.isClosed()).toBe(false)
  })

  it('opens again when the probe fails and closes when it succeeds, telling only of real changes', () => {
    breaker.trip(new Error('gone'))
    const opened = breaker.state().since
    breaker.halfOpen()
    breaker.trip(new Error('still gone'))
    expect(breaker.state()).toEqual({ breaker: 'open', since: opened, lastError: 'still gone' })
    breaker.halfOpen()
    breaker.close()
    expect(breaker.isClosed()).toBe(true)
    expect(changes).toEqual(['open', 'closed'])
  })

  it('is not half-opened when it is closed', () => {
    breaker.halfOpen()
    expect(breaker.isClosed()).toBe(true)
  })
})

describe('a limit in time', () => {
  it('passes on an answer and an error', async () => {
    await expect(withinLimit(Promise.resolve('answer'), 1_000)).resolves.toBe('answer')
    await expect(withinLimit(Promise.reject(new Error('refused')), 1_000)).rejects.toThrow('refused')
  })

  it('gives up on a promise that never settles', async () => {
    await expect(withinLimit(new Promise(() => undefined), 5)).rejects.toThrow('no answer within 5 ms')
  })
})
