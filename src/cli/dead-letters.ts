import type { Command } from 'commander'
import { z } from 'zod'
import { refusal } from '../embedded/index.ts'
import { listDeadLetters } from '../jobs/monitoring/list-dead-letters.ts'
import { type Redriven, redriveLetters } from '../jobs/monitoring/redrive.ts'
import { inTransaction } from '../platform/tx.ts'
import { withDatabase } from './database.ts'
import { brief, moment, say, tableOf } from './print.ts'

const time = z.iso.datetime({ offset: true, error: 'needs a time such as 2026-11-20T08:00:00Z' })
const toDate = time.transform(text => new Date(text))
const text = z.string().min(1).max(200)
const count = z.coerce.number('needs a number')
const filter = {
  kind: text.optional(),
  errorClass: text.optional(),
  error: text.optional(),
  from: toDate.optional(),
  to: toDate.optional(),
}
const listOptions = z.object({
  ...filter,
  state: z.enum(['open', 'redriven', 'discarded', 'all']).default('open'),
  limit: count.int().min(1).max(1_000).default(20),
})
const redriveOptions = z.object({
  ...filter,
  id: z.array(z.uuid('needs the id of a dead letter')).max(1_000).optional(),
  limit: count.int().min(1).max(100_000).default(1_000),
  perSecond: count.positive().max(100_000).default(50),
  preview: z.boolean().default(false),
})

/** `antre dead-letters list|redrive`. */
export function addDeadLetterCommands(program: Command): void {
  const group = program.command('dead-letters').description('jobs that used up their attempts').helpCommand(false)
  withFilter(group.command('list').description('show them, the latest failure first'))
    .option('--state <state>', 'open, redriven, discarded or all (default: open)')
    .option('--limit <n>', 'most lines (default: 20)')
    .action(given => list(check(listOptions, given)))
  withFilter(group.command('redrive').description('make new jobs of open ones, the oldest first'))
    .option('--id <id...>', 'these dead letters')
    .option('--limit <n>', 'most jobs (default: 1000)')
    .option('--per-second <n>', 'most jobs that start per second (default: 50)')
    .option('--preview', 'only count what matches')
    .action(given => redrive(check(redriveOptions, given)))
}

const withFilter = (command: Command): Command =>
  command
    .option('--kind <kind>', 'kind of job, such as payment.refund')
    .option('--error-class <name>', 'class of the error, such as Permanent')
    .option('--error <text>', "text that the error's message contains")
    .option('--from <time>', 'last failed at or after this time')
    .option('--to <time>', 'last failed before this time')

/** Throws a refusal that names the first bad option. */
function check<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const option = String(issue?.path[0] ?? '').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  throw refusal(`--${option}: ${issue?.message}`)
}

async function list(options: z.infer<typeof listOptions>): Promise<void> {
  const state = options.state === 'all' ? undefined : options.state
  const { items, nextCursor } = await withDatabase(({ db }) => listDeadLetters(db, { ...options, state }))
  if (items.length === 0) return say(`No dead letters${options.state === 'all' ? '' : ` that are ${options.state}`}.`)
  const rows = items.map(one => [
    one.id,
    one.kind,
    one.state,
    String(one.attempts),
    moment(one.lastFailedAt),
    one.errorClass,
    brief(one.error, 60),
  ])
  say(tableOf(['ID', 'KIND', 'STATE', 'ATTEMPTS', 'LAST FAILED', 'CLASS', 'ERROR'], rows))
  if (nextCursor !== null) say(`More than ${options.limit}: narrow the search or raise --limit.`)
}

async function redrive(options: z.infer<typeof redriveOptions>): Promise<void> {
  const { id: ids, limit, perSecond, preview, ...which } = options
  const done = await withDatabase(deps =>
    inTransaction(deps, deps.actor, tx => redriveLetters(tx, { ...which, ids }, { limit, perSecond, preview })),
  )
  if (done.matching === 0) throw refusal('No open dead letter matches.')
  for (const { kind, errorClass, matching, redriven } of done.groups) {
    say(`${kind}  ${errorClass}  ${preview ? `${matching} match` : `${redriven} of ${matching} redriven`}`)
  }
  say(summaryOf(done, preview))
}

function summaryOf({ matching, redriven, lastStartAt }: Redriven, preview: boolean): string {
  if (preview) return `${matching} open dead letters match; nothing was changed.`
  const until = lastStartAt === null ? '' : `; the last job starts at ${moment(lastStartAt)}`
  return `${redriven} of ${matching} open dead letters redriven${until}.`
}
