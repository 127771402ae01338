import { parseArgs } from 'node:util'
import { failure } from './failure.ts'

export type DemoOptions = {
  buyers: number
  url: string | undefined
  paymentsUrl: string | undefined
  whatsappUrl: string | undefined
  help: boolean
}

const FEWEST = 20
const MOST = 2_000

export const HELP = `npm run demo                     200 buyers at once on the server that npm start runs here
npm run demo -- --buyers 500     more of them (${FEWEST} to ${MOST})
npm run demo -- --url URL        another server with demo data; then also --payments-url and
                                 --whatsapp-url, where its simulators are
`

/** Reads the command line. @throws a failure for anything unknown */
export function readOptions(args: string[]): DemoOptions {
  const values = parse(args)
  const buyers = Number(values.buyers ?? 200)
  if (!Number.isInteger(buyers) || buyers < FEWEST || buyers > MOST) {
    throw failure(`--buyers takes a whole number from ${FEWEST} to ${MOST}, not ${values.buyers}`)
  }
  return {
    buyers,
    url: checkUrl('--url', values.url),
    paymentsUrl: checkUrl('--payments-url', values['payments-url']),
    whatsappUrl: checkUrl('--whatsapp-url', values['whatsapp-url']),
    help: values.help === true,
  }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  try {
    const options = {
      buyers: text,
      url: text,
      'payments-url': text,
      'whatsapp-url': text,
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ args, options }).values
  } catch {
    throw failure(
      `npm run demo knows --buyers, --url, --payments-url, --whatsapp-url and --help, not: ${args.join(' ')}`,
    )
  }
}

function checkUrl(flag: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined
  if (!URL.canParse(given) || !/^https?:/.test(given)) throw failure(`${flag} takes an http address, not ${given}`)
  return given.replace(/\/+$/, '')
}
