import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { refusal } from './refusal.ts'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What `npm start` keeps between runs (git-ignored). */
export const HOME = join(ROOT, '.antre')

export const POSTGRES_DIR = join(HOME, 'postgres')

/** Where Node keeps the modules that it has compiled. */
export const COMPILE_CACHE = join(HOME, 'compile-cache')

/** Creates the folder; throws a refusal when this user may not write there. */
export async function openHome(home: string = HOME): Promise<void> {
  try {
    await mkdir(home, { recursive: true })
  } catch {
    throw refusal(`${home} cannot be written: start Antre as the user who owns the checkout`)
  }
}
