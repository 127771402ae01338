import { spawn } from 'node:child_process'
import type { Account } from './account.ts'

export type CommandResult = { code: number | null; output: string }

/** Runs a program to its end, as another account when one is given; never throws for its exit code. */
export function runCommand(
  program: string,
  args: string[],
  options: { account?: Account | undefined; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const { account, ...rest } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...rest, ...account, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.once('error', reject)
    child.once('close', code => resolve({ code, output: output.trim() }))
  })
}
