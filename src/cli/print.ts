// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', error => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
  process.exit()
})

/** Writes one line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Rows in columns under their titles, as text. */
export function tableOf(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [titles, ...rows].map(line).join('\n')
}

/** The first line of a text, cut to `length` characters. */
export function brief(text: string | null, length: number): string {
  const [first = ''] = (text ?? '').split('\n')
  return first.length > length ? `${first.slice(0, length - 1)}…` : first
}

/** A moment as people at a shell read and type it, in UTC. */
export const moment = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`
