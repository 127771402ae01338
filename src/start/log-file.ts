import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { HOME } from '../embedded/index.ts'

const LOG_DIR = join(HOME, 'logs')

const LIMIT_BYTES = 50 * 1024 * 1024

/** Makes the folder of the logs; a log that grew over 50 MB is put aside as `.old`, so that at most two are kept. */
export async function prepareLogFile(name: string, dir: string = LOG_DIR): Promise<string> {
  await mkdir(dir, { recursive: true })
  const file = join(dir, `${name}.log`)
  const size = (await stat(file).catch(() => undefined))?.size ?? 0
  if (size > LIMIT_BYTES) await rename(file, `${file}.old`)
  return file
}

/** Appends what a process writes to its log file, and hands on every line. */
export function recordOutput(file: string, outputs: (Readable | null)[], onLine: (line: string) => void): void {
  const log = createWriteStream(file, { flags: 'a', mode: 0o600 })
  // A full disk must not end the processes: their work is in the database.
  log.on('error', () => undefined)
  for (const output of outputs) {
    if (!output) continue
    output.pipe(log, { end: false })
    createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
  }
}
