import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from './error-code.ts'
import { HOME, openHome } from './home.ts'
import { refusal } from './refusal.ts'

/** The secrets that API and worker refuse to start without. */
const SECRET_NAMES = [
  'JWT_SECRET',
  'CONTACT_HMAC_KEY',
  'DATA_KEY',
  'PAYMENT_WEBHOOK_SECRET',
  'BOT_SECRET',
  'PANEL_SESSION_SECRET',
  'MONITORING_TOKEN',
]

/** The kept secrets; empty when none were made yet. */
export async function readSecrets(home: string = HOME): Promise<Record<string, string>> {
  const file = join(home, 'secrets.json')
  const text = await readFile(file, 'utf8').catch(error => {
    if (errorCode(error) === 'ENOENT') return '{}'
    throw refusal(`${file} cannot be read: start Antre as the user who owns the checkout`)
  })
  const kept = parseObject(text)
  // Inventing new ones here would lock out everything that the old ones signed or encrypted.
  if (!kept) throw refusal(`${file} is damaged: restore it, or begin anew with npm start -- --reset`)
  return Object.fromEntries(SECRET_NAMES.flatMap(name => (typeof kept[name] === 'string' ? [[name, kept[name]]] : [])))
}

/** The kept secrets, with a random one made and kept (readable by this user only) for every name that was missing. */
export async function ensureSecrets(home: string = HOME): Promise<Record<string, string>> {
  const kept = await readSecrets(home)
  const missing = SECRET_NAMES.filter(name => !kept[name])
  if (missing.length === 0) return kept
  const all = { ...kept, ...Object.fromEntries(missing.map(name => [name, randomBytes(32).toString('base64url')])) }
  await openHome(home)
  const file = join(home, 'secrets.json')
  // Renamed into place, so that a crash leaves the old or the new ones, never half of them.
  await writeFile(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
  await chmod(`${file}.new`, 0o600)
  await rename(`${file}.new`, file)
  return all
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === 'object' && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
