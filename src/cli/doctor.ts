import type { Command } from 'commander'
import { openLocalEnv } from '../embedded/index.ts'

/** `antre doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('examine configuration, database, Redis, workers and queues; exit code 1 when something is wrong')
    .action(async () => {
      // It loads every context: the other commands start twice as fast without.
      const { examine } = await import('./doctor/examine.ts')
      const { env, close } = await openLocalEnv()
      try {
        if (await examine(env)) process.exitCode = 1
      } finally {
        await close()
      }
    })
}
