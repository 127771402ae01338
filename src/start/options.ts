import { parseArgs } from 'node:util'
import { refusal } from '../embedded/index.ts'

export type StartOptions = { reset: boolean; demo: boolean; help: boolean }

export const HELP = `npm start                  everything on this machine: database, API, worker, demo data
npm start -- --reset       the same, after deleting all data of the embedded database
npm start -- --demo        demo data and simulators also with a DATABASE_URL of yours
npm start -- --help        this text

Environment: DATABASE_URL and REDIS_URL use servers of yours instead of embedded ones,
PORT chooses the port of the API (4000). .env.example explains every variable.
`

/** Reads the command line. Throws a refusal for anything unknown. */
export function readOptions(args: string[]): StartOptions {
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({ args, options: { reset: flag, demo: flag, help: { ...flag, short: 'h' } } })
    return { reset: values.reset, demo: values.demo, help: values.help }
  } catch {
    throw refusal(`npm start knows --reset, --demo and --help, not: ${args.join(' ')}`)
  }
}
