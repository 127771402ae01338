import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'

export type Size = 'quick' | 'full'

/** One comparison: ours against a reference that ran in the same rounds, or against a bound that users feel. */
export type Goal =
  | { ours: string; reference: string; atLeast: number; betterIs?: 'higher' | 'lower' }
  | { ours: string; atMost: number }

export type Result = {
  name: string
  /** Per side: one figure per round. */
  rounds: Record<string, number[]>
  unit: string
  goals: Goal[]
  notes?: string[]
}

export type Bench = { name: string; run(context: BenchContext): Promise<Result> }

export type BenchContext = {
  size: Size
  rounds: number
  /** Postgres with fsync and synchronous_commit on; may create databases. */
  postgresUrl: string
  redisUrl: string | undefined
  progress(text: string): void
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2
}

/** Runs the sides one after the other, round by round (A B A B …), so that all see the same noise. */
export async function interleave(
  context: BenchContext,
  sides: Record<string, () => Promise<number>>,
): Promise<Record<string, number[]>> {
  const figures: Record<string, number[]> = Object.fromEntries(Object.keys(sides).map(side => [side, []]))
  for (let round = 1; round <= context.rounds; round++) {
    for (const [side, measure] of Object.entries(sides)) {
      const figure = await measure()
      figures[side]?.push(figure)
      context.progress(`round ${round}/${context.rounds}  ${side}: ${format(figure)}`)
    }
  }
  return figures
}

const format = (figure: number): string => (figure >= 100 ? Math.round(figure).toLocaleString('en') : figure.toFixed(2))

/** Prints median and spread of every side and one line per goal, and writes `results/<name>.json`. */
export async function reportResult(result: Result, size: Size): Promise<boolean> {
  const lines = Object.entries(result.rounds).map(([side, values]) => {
    const spread = `${format(Math.min(...values))}–${format(Math.max(...values))}`
    return `  ${side.padEnd(28)} ${format(median(values)).padStart(12)} ${result.unit}   (${spread}, ${values.length} rounds)`
  })
  const verdicts = result.goals.map(goal => judge(result, goal))
  const text = [
    `\n${result.name} (${size})`,
    ...lines,
    ...(result.notes ?? []).map(note => `  ${note}`),
    ...verdicts.map(v => v.line),
  ]
  process.stdout.write(`${text.join('\n')}\n`)
  const dir = join(import.meta.dirname, 'results')
  await mkdir(dir, { recursive: true })
  const record = {
    ...result,
    size,
    cores: cpus().length,
    at: new Date().toISOString(),
    verdicts: verdicts.map(v => v.line),
  }
  await writeFile(join(dir, `${result.name}.json`), `${JSON.stringify(record, null, 2)}\n`)
  return verdicts.every(verdict => verdict.pass)
}

function judge(result: Result, goal: Goal): { line: string; pass: boolean } {
  const ours = median(result.rounds[goal.ours] ?? [])
  if ('atMost' in goal) {
    const pass = ours <= goal.atMost
    return {
      line: `${result.name}  ${goal.ours} ${format(ours)} ${result.unit}  goal ≤ ${goal.atMost}  ${pass ? 'pass' : 'short'}`,
      pass,
    }
  }
  const reference = median(result.rounds[goal.reference] ?? [])
  const ratio = goal.betterIs === 'lower' ? reference / ours : ours / reference
  const pass = ratio >= goal.atLeast
  const cells = [result.name, `${goal.ours} ${format(ours)}`, `${goal.reference} ${format(reference)}`]
  return {
    line: `${cells.join('  ')}  ratio ${ratio.toFixed(2)}  goal ≥ ${goal.atLeast}  ${pass ? 'pass' : 'short'}`,
    pass,
  }
}
