import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestServers } from './server.ts'
import { databaseUrl, prepareTemplate, TEMPLATE } from './template.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const TARGET = join(ROOT, 'src/platform/db-types.ts')

/** The types of the migrated schema, as kysely-codegen writes them. */
export async function generateDbTypes(adminUrl: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'antre-types-'))
  const out = join(dir, 'db-types.ts')
  const run = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/kysely-codegen/dist/cli/bin.js'),
      ...['--dialect', 'postgres', '--url', databaseUrl(adminUrl, TEMPLATE), '--out-file', out],
      ...['--default-schema', 'public', '--include-pattern', 'public.*', '--exclude-pattern', '*kysely_migration*'],
      ...['--numeric-parser', 'string', '--type-mapping', '{"int8":"number"}'],
    ],
    { encoding: 'utf8' },
  )
  try {
    if (run.status !== 0) throw new Error(`kysely-codegen failed: ${run.stderr}`)
    return await readFile(out, 'utf8')
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** `npm run db-types`: migrates a database of its own and writes `src/platform/db-types.ts`. */
async function main(): Promise<void> {
  const servers = await startTestServers()
  try {
    await prepareTemplate(servers.postgresUrl)
    await writeFile(TARGET, await generateDbTypes(servers.postgresUrl))
    process.stdout.write('wrote src/platform/db-types.ts\n')
  } finally {
    await servers.stop()
  }
}

if (process.argv[1] === import.meta.filename) await main()
