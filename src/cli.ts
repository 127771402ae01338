/** `npm run antre -- …`: what operators do from a shell. */
import { Command, CommanderError } from 'commander'
import { addDeadLetterCommands } from './cli/dead-letters.ts'
import { addDoctorCommand } from './cli/doctor.ts'
import { addUserCommands } from './cli/users.ts'
import { isRefusal } from './embedded/index.ts'
import { AppError } from './platform/errors.ts'
import { sentenceFor } from './platform/process.ts'

const program = new Command('antre')
  .description('Operate Antre. The database is that of DATABASE_URL, else that of `npm start` in this folder.')
  .helpCommand(false)
  .exitOverride()
addDeadLetterCommands(program)
addDoctorCommand(program)
addUserCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  // Commander has already said what is wrong with the command line.
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    process.stderr.write(`${sentenceOf(error)}\n`)
    process.exitCode = 1
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AppError || isRefusal(error)) return error.message
  return sentenceFor(error) ?? `unexpected ${error.name}: ${error.message}`
}
