import { z } from 'zod'

const secret = z.string().min(16, 'needs at least 16 characters')
const flag = z.stringbool().default(false)

/**
 * Every environment variable of Antre: name, rule and meaning. `.env.example` is generated from this table and a test
 * keeps it equal.
 */
export const configSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'])
    .default('development')
    .describe('production refuses demo data'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe('Postgres 15 or newer; npm start brings its own when unset'),
  DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(20).describe('most connections of one process'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe('Redis 7 or Valkey; optional, Postgres serves everything without it'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000).describe('port of the API'),
  HOST: z.string().min(1).default('0.0.0.0').describe('address that the API binds'),
  PUBLIC_URL: z
    .url()
    .default('http://localhost:4000')
    .describe('where buyers reach the API; links in messages begin with it'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('least level that is logged'),
  APP_TIMEZONE: z
    .string()
    .min(1)
    .default('Asia/Jakarta')
    .refine(isTimeZone, 'is not a time zone')
    .describe('whose midnight "today" means'),
  JWT_SECRET: secret.describe('signs access tokens and passes'),
  CONTACT_HMAC_KEY: secret.describe('keys the hash of phone numbers'),
  DATA_KEY: secret.describe('encrypts the few fields that are kept encrypted'),
  PAYMENT_WEBHOOK_SECRET: secret.describe('signature of payment webhooks'),
  BOT_SECRET: secret.describe('signature of the request bot'),
  PANEL_SESSION_SECRET: secret.describe('encrypts the panel session'),
  MONITORING_TOKEN: secret.describe('bearer token for /metrics and /api/monitoring'),
  PAYMENT_BASE_URL: z.url().optional().describe('payment gateway; unset: transfers only'),
  PAYMENT_API_KEY: z.string().default('').describe('bearer key of the payment gateway'),
  WHATSAPP_BASE_URL: z.url().optional().describe('WhatsApp Cloud API; unset: messages are logged as suppressed'),
  WHATSAPP_TOKEN: z.string().default('').describe('bearer token of the WhatsApp Cloud API'),
  WHATSAPP_PHONE_NUMBER_ID: z.string().default('antre').describe('phone number id of the WhatsApp Cloud API'),
  FILES_DIR: z.string().min(1).default('.antre/files').describe('folder of uploaded files'),
  CORS_ORIGINS: z.string().default('').describe('comma-separated exact origins that may call with credentials'),
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0).describe('proxies in front of the API'),
  RATE_LIMIT_FACTOR: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1)
    .describe('multiplies every rate limit; demo and benches use 1000'),
  DEMO: flag.describe('demo data and demoDeadlines; refused in production'),
  WORKER_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .max(600)
    .default(8)
    .describe('how long SIGTERM waits for running jobs; pm2 kill_timeout is 2 s more'),
})

export type Config = z.infer<typeof configSchema>

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Thrown for a missing or malformed variable: one clear sentence for whoever starts the process. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Reads and checks the environment. Empty variables count as unset. @throws ConfigError naming every bad variable */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const config = check(configSchema, env)
  if (config.NODE_ENV === 'production' && config.DEMO) {
    throw new ConfigError('Bad environment: DEMO is refused with NODE_ENV=production.')
  }
  return config
}

/** The few variables that a one-shot command needs, by the same rules. @throws ConfigError naming every bad variable */
export function readPartOfConfig<K extends keyof Config>(env: NodeJS.ProcessEnv, names: readonly K[]): Pick<Config, K> {
  const mask = Object.fromEntries(names.map(name => [name, true]))
  return check(configSchema.pick(mask as never), env) as unknown as Pick<Config, K>
}

function check<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const bad = parsed.error.issues.map(issue => {
    const name = String(issue.path[0])
    return given[name] === undefined ? `${name} is not set` : `${name}: ${issue.message}`
  })
  throw new ConfigError(`Bad environment: ${[...new Set(bad)].join('; ')}. See .env.example.`)
}
