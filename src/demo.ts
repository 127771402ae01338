/** `npm run demo`: 200 buyers at once against a running server, as its clients see it; exit code 1 if anything differs. */
import { type Api, createApi } from './demo/api.ts'
import { scarcePieces } from './demo/cast.ts'
import { failure, sentenceOf } from './demo/failure.ts'
import { inspectServer } from './demo/inspect-server.ts'
import { openStage } from './demo/open-stage.ts'
import { type DemoOptions, HELP, readOptions } from './demo/options.ts'
import { perform } from './demo/perform.ts'
import { createProgress } from './demo/progress.ts'
import { differenceLines, resultLines, resultOf } from './demo/result.ts'
import { waitUntilQuiet } from './demo/server-state.ts'
import { paintFor } from './demo/show.ts'
import { openSimulators } from './demo/simulators.ts'
import { castStories } from './demo/stories.ts'
import { findRun, type Run } from './embedded/index.ts'

const progress = createProgress(process.stdout)
const paint = paintFor(process.stdout.isTTY === true && !process.env.NO_COLOR)

/** Returns whether the server's word is the same in everything. */
async function demonstrate(options: DemoOptions): Promise<boolean> {
  const began = performance.now()
  const local = await findRun()
  const url = options.url ?? local?.apiUrl
  if (url === undefined) throw failure('No server runs from this checkout: start it with npm start, then try again')
  if (options.url === undefined && local?.ready === false) {
    throw failure('npm start is still starting the server: try again when it says that Antre runs')
  }
  const api = createApi(url)
  await checkReady(api)
  const simulators = await openSimulators(findSimulators(url, options, local))
  const stories = castStories(options.buyers)
  const stage = await openStage(api, simulators, scarcePieces(stories))
  const before = await waitUntilQuiet(stage, () => progress.say('Waiting until what an earlier run left has settled'))
  progress.say(`${options.buyers} buyers on the trip "${stage.trip.title}" at ${url}`)
  progress.say('Some messages and refunds fail on purpose: npm start shows warnings of them.')
  const played = await perform(stage, progress, stories, before)
  const seen = await progress.act('the server is asked about everything', played.buyers.length, report =>
    inspectServer(stage, played.buyers, before.timestamp, report),
  )
  const result = resultOf(stage, played, before, seen)
  for (const line of resultLines(result, played.outages, seen, paint)) progress.say(line)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const isSame = result.differences.length === 0
  const verdict = isSame ? paint.good('Nothing differs.') : paint.bad(`What differs (${result.differences.length}):`)
  progress.say(`\n${verdict} ${seconds} s`)
  for (const line of differenceLines(result)) progress.say(line)
  return isSame
}

/** Where the simulators are: as told, or those that `npm start` runs from this checkout beside the server. */
function findSimulators(url: string, options: DemoOptions, local: Run | undefined) {
  const run = local !== undefined && new URL(url).port === new URL(local.apiUrl).port ? local : undefined
  const payments = options.paymentsUrl ?? run?.paymentsUrl
  const whatsapp = options.whatsappUrl ?? run?.whatsappUrl
  if (payments !== undefined && whatsapp !== undefined) return { payments, whatsapp }
  throw failure(
    `The simulators of ${url} are unknown: start it with npm start -- --demo, or name --payments-url and --whatsapp-url`,
  )
}

async function checkReady(api: Api): Promise<void> {
  const { status } = await api.call('GET', '/api/health/ready').catch(() => ({ status: 0 }))
  if (status === 0) throw failure(`No server answers at ${api.url}: start it with npm start, then try again`)
  if (status !== 200) throw failure(`The server at ${api.url} is not ready (${status}): wait until npm start says so`)
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) progress.say(HELP.trimEnd())
  else if (!(await demonstrate(options))) process.exitCode = 1
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`)
  process.exitCode = 1
}
