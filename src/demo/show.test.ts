import { sentenceOf } from './failure.ts'
import { readOptions } from './options.ts'
import { inPool, waitFor } from './pool.ts'
import { barOf, createProgress } from './progress.ts'
import { paintFor, tableOf } from './show.ts'

describe('a table', () => {
  it('has columns as wide as their widest cell and numbers at the right', () => {
    const lines = tableOf(
      ['kind', 'jobs', ''],
      [
        ['stock.release', 7, 'same'],
        ['x', 1_234, 'same'],
      ],
    )
    expect(lines).toEqual([
      '  kind           jobs',
      '  -------------  ----  ----',
      '  stock.release     7  same',
      '  x              1234  same',
    ])
  })

  it('is coloured on a terminal only', () => {
    expect(paintFor(true).bad('no')).toBe('\u001b[31mno\u001b[0m')
    expect(paintFor(false).bad('no')).toBe('no')
  })
})

describe('the progress', () => {
  const outputOf = (terminal: object) => {
    const written: string[] = []
    return { written, output: { ...terminal, write: (text: string) => written.push(text) > 0 } }
  }

  it('is a bar that fills', () => {
    expect(barOf('checkouts', 0, 200)).toBe(`  [${'-'.repeat(24)}] 0 of 200  checkouts`)
    expect(barOf('checkouts', 100, 200)).toBe(`  [${'#'.repeat(12)}${'-'.repeat(12)}] 100 of 200  checkouts`)
    expect(barOf('nothing', 0, 0)).toContain('#'.repeat(24))
  })

  it('draws the bar on a terminal, no wider than it is', async () => {
    const { written, output } = outputOf({ isTTY: true, columns: 20 })
    await createProgress(output).act('checkouts', 2, async report => report(2))
    expect(written[0]).toBe(`\r${barOf('checkouts', 0, 2).slice(0, 19)}\u001b[K`)
    expect(written.at(-1)).toMatch(/^ {2}checkouts +2 of 2 +\d+\.\d s\n$/)
  })

  it('writes one plain line per act elsewhere, also of an act that failed', async () => {
    const { written, output } = outputOf({})
    const act = createProgress(output).act('checkouts', 2, async report => {
      report(1)
      throw new Error('no server')
    })
    await expect(act).rejects.toThrow('no server')
    expect(written).toEqual([expect.stringMatching(/^ {2}checkouts +1 of 2 +\d+\.\d s\n$/)])
  })
})

describe('the command line', () => {
  it('has defaults, and takes addresses without a slash at the end', () => {
    expect(readOptions([])).toMatchObject({ buyers: 200, url: undefined, help: false })
    expect(readOptions(['--buyers', '20', '--url', 'http://127.0.0.1:4000/'])).toMatchObject({
      buyers: 20,
      url: 'http://127.0.0.1:4000',
    })
  })

  it.each([
    [['--buyers', '19'], '--buyers takes a whole number from 20 to 2000, not 19'],
    [['--buyers', 'many'], '--buyers takes a whole number from 20 to 2000, not many'],
    [['--url', 'localhost:4000'], '--url takes an http address, not localhost:4000'],
    [['--quick'], /^npm run demo knows --buyers, .*, not: --quick$/],
  ])('refuses %j in one sentence', (args, sentence) => {
    expect(() => readOptions(args)).toThrow(sentence)
  })
})

describe('waiting and working', () => {
  it('works on so many at a time, on each once', async () => {
    let [running, most] = [0, 0]
    const seen: number[] = []
    await inPool([1, 2, 3, 4, 5], 2, async n => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      seen.push(n)
      running--
    })
    expect(most).toBe(2)
    expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5])
  })

  it('names what did not happen in time', async () => {
    const error = await waitFor('the end', 0, async () => undefined).catch(sentenceOf)
    expect(error).toBe('the end did not happen within 0 s')
  })

  it('shows only our own failures without their name', () => {
    expect(sentenceOf(new TypeError('x is undefined'))).toBe('unexpected TypeError: x is undefined')
  })
})
