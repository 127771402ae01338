import { createDb, createPool } from '../../platform/db.ts'
import { createLog } from '../../platform/log.ts'
import { say } from '../print.ts'
import { checkConfig, checkServer } from './environment.ts'
import type { Check, Finding, Patient } from './finding.ts'
import { checkClock, checkNotify, checkRedis, checkXmin } from './infrastructure.ts'
import { checkDeadLetters, checkKeys, checkStuckJobs, checkWorkers } from './jobs.ts'
import { checkMigrations, checkPgBoss, checkQueues, checkSchedules } from './schema.ts'

const MARKS = { ok: '✓', note: '!', wrong: '✗' } as const

/** In this order; those of one line run together, and a line that finds something wrong ends the examination if `vital`. */
const STAGES: readonly { checks: readonly Check[]; vital: boolean }[] = [
  { checks: [checkConfig], vital: false },
  { checks: [checkServer], vital: true },
  { checks: [checkMigrations, checkPgBoss], vital: true },
  { checks: [checkQueues, checkSchedules, checkNotify, checkRedis, checkClock], vital: false },
  { checks: [checkWorkers, checkStuckJobs, checkKeys, checkDeadLetters, checkXmin], vital: false },
]

/** Prints every finding; true when something is wrong. */
export async function examine(env: NodeJS.ProcessEnv): Promise<boolean> {
  const log = createLog('silent', 'antre-doctor')
  const databaseUrl = env.DATABASE_URL ?? ''
  const pool = createPool({ url: databaseUrl, max: 4, name: 'antre-doctor', log })
  const patient: Patient = { env, databaseUrl, pool, db: createDb(pool) }
  let wrong = 0
  try {
    for (const { checks, vital } of STAGES) {
      const findings = (await Promise.all(checks.map(check => run(check, patient)))).flat()
      for (const { state, text } of findings) say(`${MARKS[state]} ${text}`)
      const bad = findings.filter(finding => finding.state === 'wrong').length
      wrong += bad
      if (vital && bad > 0) break
    }
  } finally {
    await patient.db.destroy()
  }
  say(wrong === 0 ? 'Nothing is wrong.' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`)
  return wrong > 0
}

async function run(check: Check, patient: Patient): Promise<Finding[]> {
  try {
    return await check(patient)
  } catch (error) {
    return [{ state: 'wrong', text: error instanceof Error ? error.message : String(error) }]
  }
}
