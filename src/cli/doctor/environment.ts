import { readConfig } from '../../platform/config.ts'
import { checkDatabase } from '../../start/check-database.ts'
import { type Check, ok, wrong } from './finding.ts'

export const checkConfig: Check = async ({ env }) => {
  const { NODE_ENV, APP_TIMEZONE } = readConfig(env)
  return ok(`configuration: every variable is set and right (${NODE_ENV}, ${APP_TIMEZONE})`)
}

export const checkServer: Check = async ({ databaseUrl }) => {
  if (!URL.canParse(databaseUrl)) return wrong('DATABASE_URL is not a URL')
  return ok(`Postgres ${await checkDatabase(databaseUrl)} at ${new URL(databaseUrl).host}`)
}
