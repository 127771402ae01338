/** A table as lines: columns as wide as their widest cell, numbers at the right. */
export function tableOf(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = rows.map(row => row.map(String))
  const widths = head.map((name, n) => Math.max(name.length, ...texts.map(row => row[n]?.length ?? 0)))
  const isNumber = head.map((_, n) => rows.length > 0 && rows.every(row => typeof row[n] === 'number'))
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, n) => (isNumber[n] ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0))).join('  ')}`.trimEnd()
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...texts.map(line)]
}

export type Paint = { good(text: string): string; bad(text: string): string; bold(text: string): string }

/** Colours for a terminal, none elsewhere. */
export function paintFor(isTerminal: boolean): Paint {
  const paint = (code: number) => (text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { good: paint(32), bad: paint(31), bold: paint(1) }
}
