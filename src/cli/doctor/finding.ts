import type pg from 'pg'
import type { Db } from '../../platform/tx.ts'

/** Note: worth a look, and no fault. */
export type Finding = { state: 'ok' | 'note' | 'wrong'; text: string }

export type Patient = { env: NodeJS.ProcessEnv; databaseUrl: string; pool: pg.Pool; db: Db }

/** A throw counts as wrong, with its message. */
export type Check = (patient: Patient) => Promise<Finding[]>

export const ok = (text: string): Finding[] => [{ state: 'ok', text }]
export const note = (text: string): Finding[] => [{ state: 'note', text }]
export const wrong = (text: string): Finding[] => [{ state: 'wrong', text }]
