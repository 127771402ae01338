import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

/** The repository's root, where `migrations/` and `sql/` lie. */
const ROOT = join(import.meta.dirname, '..', '..')

async function sqlFiles(folder: string): Promise<{ name: string; text: string }[]> {
  const dir = join(ROOT, folder)
  const names = (await readdir(dir)).filter(name => name.endsWith('.sql')).sort()
  return Promise.all(names.map(async name => ({ name, text: await readFile(join(dir, name), 'utf8') })))
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = await sqlFiles('migrations')
  return Object.fromEntries(
    files.map(({ name, text }) => [
      name.replace(/\.sql$/, ''),
      { up: async (db: Kysely<unknown>) => void (await sql.raw(text).execute(db)) },
    ]),
  )
}

/**
 * Applies every SQL file of `migrations/` that this database has not seen, each in a transaction, and returns their
 * names. @throws the error of the first one that fails; those before it stay applied
 */
export async function applyMigrations<T>(db: Kysely<T>): Promise<string[]> {
  const migrator = new Migrator({
    db: db as Kysely<unknown>,
    provider: { getMigrations: readMigrations },
    allowUnorderedMigrations: true,
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw error
  return (results ?? []).map(result => result.migrationName)
}

/** Runs the re-creatable SQL of a folder (views, functions, roles) in the order of the file names. */
export async function applySqlFolder<T>(db: Kysely<T>, folder: string): Promise<void> {
  for (const { text } of await sqlFiles(folder)) await sql.raw(text).execute(db)
}

/** Runs one SQL file of the repository. */
export async function applySqlFile<T>(db: Kysely<T>, path: string): Promise<void> {
  await sql.raw(await readFile(join(ROOT, path), 'utf8')).execute(db)
}
