import type { Settings } from './settings.ts'
import { bold } from './show.ts'

export type BannerFacts = {
  settings: Pick<Settings, 'publicUrl' | 'demo'>
  database: string
  redis: string | undefined
  whatsappUrl: string | undefined
  paymentsUrl: string | undefined
}

const DEMO_ACCOUNTS = ['jastiper@demo.antre', 'ops@demo.antre', 'admin@demo.antre']
const DEMO_PASSWORD = 'demo-password-1'

/** The last thing that `npm start` shows: where everything is and what to do next. */
export function bannerOf(facts: BannerFacts): string {
  const { settings } = facts
  const rows: [string, string][] = [
    ['API', `${bold(settings.publicUrl)}  (worker: a process of its own)`],
    ['Health', `${settings.publicUrl}/api/health/ready`],
    ['Database', facts.database],
    ['Redis', facts.redis ?? 'none: Postgres does its work (install redis-server or set REDIS_URL)'],
  ]
  if (facts.whatsappUrl) rows.push(['Simulated', `WhatsApp ${facts.whatsappUrl}, payments ${facts.paymentsUrl}`])
  if (settings.demo) rows.push(['Accounts', `${DEMO_ACCOUNTS.join(', ')}  password ${DEMO_PASSWORD}`])
  rows.push(['Logs', '.antre/logs'])
  if (settings.demo) rows.push(['Next', `${bold('npm run demo')} in a second terminal: 200 buyers at once`])
  rows.push(['Stop', 'Ctrl-C'])
  const lines = rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`)
  return ['', `${bold('Antre runs.')}`, ...lines, ''].join('\n')
}
