import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { configSchema, readConfig } from './config.ts'
import { envExample } from './env-example.ts'

const FILE = join(import.meta.dirname, '..', '..', '.env.example')

test('.env.example says what config.ts says (after a change: npm run env-example)', async () => {
  expect(await readFile(FILE, 'utf8')).toBe(envExample())
})

test('every variable is explained', () => {
  const silent = Object.entries(configSchema.shape).filter(([, rule]) => !rule.description)
  expect(silent.map(([name]) => name)).toEqual([])
})

test('a copy with the required variables filled in is a good environment with every default', () => {
  const required = [...envExample().matchAll(/\(required\)\n(\w+)=\n/g)].map(match => match[1]!)
  const filled = Object.fromEntries(required.map(name => [name, `filled-in-by-the-test-${name}`]))
  const env = { ...parseEnv(envExample()), ...filled, DATABASE_URL: 'postgres://localhost/antre' }
  expect(required).toContain('JWT_SECRET')
  expect(readConfig(env)).toEqual(readConfig({ ...filled, DATABASE_URL: 'postgres://localhost/antre' }))
})
