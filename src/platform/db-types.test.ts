import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateDbTypes } from '../testing/generate-db-types.ts'

test('db-types.ts is what the migrated schema says (after a migration: npm run db-types)', async () => {
  const stored = await readFile(join(import.meta.dirname, 'db-types.ts'), 'utf8')
  expect(stored).toBe(await generateDbTypes(process.env.TEST_DATABASE_URL!))
}, 60_000)
