import type { WriteStream } from 'node:tty'

/** Tells how much of the act is done. */
export type Report = (done: number) => void

export type Progress = {
  /** Shows the act while it runs, with a bar on a terminal, and with its time when it is over. */
  act<T>(title: string, total: number, play: (report: Report) => Promise<T>): Promise<T>
  say(line: string): void
}

type Output = Pick<WriteStream, 'write'> & { isTTY?: boolean; columns?: number }

const REDRAW_MS = 80
const BAR_CELLS = 24
/** Of a terminal that does not say how wide it is; a bar over two lines could not be redrawn. */
const WIDE = 80
/** Clears the line from the cursor to its end. */
const CLEAR = '\u001b[K'

export function createProgress(output: Output): Progress {
  const isTerminal = output.isTTY === true
  const say = (line: string) => void output.write(`${line}\n`)
  return {
    say,
    act: async (title, total, play) => {
      const began = performance.now()
      let done = 0
      const draw = () =>
        isTerminal && output.write(`\r${barOf(title, done, total).slice(0, (output.columns || WIDE) - 1)}${CLEAR}`)
      const clock = setInterval(draw, REDRAW_MS)
      draw()
      try {
        return await play(now => {
          done = now
        })
      } finally {
        clearInterval(clock)
        const seconds = ((performance.now() - began) / 1000).toFixed(1)
        if (isTerminal) output.write(`\r${CLEAR}`)
        say(`  ${title.padEnd(54)} ${`${done} of ${total}`.padStart(12)} ${`${seconds} s`.padStart(8)}`)
      }
    },
  }
}

/** Such as `  checkouts [######------] 100 of 200`. */
export function barOf(title: string, done: number, total: number): string {
  const full = total === 0 ? BAR_CELLS : Math.min(BAR_CELLS, Math.floor((done / total) * BAR_CELLS))
  return `  [${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${done} of ${total}  ${title}`
}
