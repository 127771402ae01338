import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { testSecrets } from './secrets.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export type CliRun = { code: number; out: string; err: string }

/** Runs `antre …` as a process of its own. */
export function runCli(databaseUrl: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [join(ROOT, 'src/cli.ts'), ...args],
      {
        cwd: ROOT,
        env: { PATH: process.env.PATH, ...testSecrets, DATABASE_URL: databaseUrl, ...env },
        timeout: 25_000,
      },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    )
  })
}
