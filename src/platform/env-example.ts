import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { configSchema } from './config.ts'

const HEADER = `# Every environment variable of Antre, generated from src/platform/config.ts by \`npm run env-example\`.
# A variable without a value counts as unset. \`npm start\` needs none of them: it brings or makes what is missing.
`

/** The text of `.env.example`: each variable with its meaning, its default or nothing, and whether it must be set. */
export function envExample(): string {
  return [HEADER, ...Object.entries(configSchema.shape).map(([name, rule]) => entry(name, rule))].join('\n')
}

function entry(name: string, rule: z.ZodType): string {
  const unset = rule.safeParse(undefined)
  const need = unset.success ? '' : ' (required)'
  return `# ${rule.description ?? ''}${need}\n${name}=${unset.data ?? ''}\n`
}

if (process.argv[1] === import.meta.filename) {
  await writeFile(join(import.meta.dirname, '..', '..', '.env.example'), envExample())
}
