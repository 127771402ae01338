import { execFile } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Secrets as an installation has them. */
const SECRETS = Object.fromEntries(
  [
    'JWT_SECRET',
    'CONTACT_HMAC_KEY',
    'DATA_KEY',
    'PAYMENT_WEBHOOK_SECRET',
    'BOT_SECRET',
    'PANEL_SESSION_SECRET',
    'MONITORING_TOKEN',
  ].map(name => [name, 'a-secret-of-enough-length']),
)

export type CliRun = { code: number; out: string; err: string }

/** Runs `antre …` as a process of its own. */
export function runCli(databaseUrl: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [join(ROOT, 'src/cli.ts'), ...args],
      { cwd: ROOT, env: { PATH: process.env.PATH, ...SECRETS, DATABASE_URL: databaseUrl, ...env }, timeout: 25_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    )
  })
}
