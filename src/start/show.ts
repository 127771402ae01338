/** The output for the person at the terminal; the full logs of the processes are in .antre/logs. */

const colours = process.stdout.isTTY && !process.env.NO_COLOR

function paint(code: number, text: string): string {
  return colours ? `\u001b[${code}m${text}\u001b[0m` : text
}

export const dim = (text: string) => paint(2, text)
export const bold = (text: string) => paint(1, text)
export const red = (text: string) => paint(31, text)
export const yellow = (text: string) => paint(33, text)

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Runs one step of the start and shows it with its time. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const result = await work()
  say(`  ${what} ${dim(`${((performance.now() - began) / 1000).toFixed(1)} s`)}`)
  return result
}
