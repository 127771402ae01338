import pg from 'pg'
import { errorCode, errorMessage, isRefusal, refusal } from '../embedded/index.ts'

const OLDEST_POSTGRES = 15
const LIMIT_MS = 10_000

/** Returns the version of the server behind the URL. Throws a refusal when it cannot be used; never tells the password. */
export async function checkDatabase(url: string): Promise<string> {
  const { host, pathname } = new URL(url)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: LIMIT_MS })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ number: string; version: string }>(
      `select current_setting('server_version_num') as number, current_setting('server_version') as version`,
    )
    const [found] = rows
    if (!found || Number(found.number) < OLDEST_POSTGRES * 10_000) {
      throw refusal(`DATABASE_URL leads to Postgres ${found?.version} and Antre needs ${OLDEST_POSTGRES} or newer`)
    }
    return found.version
  } catch (error) {
    throw isRefusal(error) ? error : refusal(reasonFor(error, host, pathname))
  } finally {
    await client.end().catch(() => undefined)
  }
}

function reasonFor(error: unknown, host: string, pathname: string): string {
  const code = errorCode(error)
  if (code === '28P01' || code === '28000')
    return `The Postgres at ${host} (DATABASE_URL) refuses this user or password`
  if (code === '3D000')
    return `The Postgres at ${host} has no database "${pathname.slice(1)}" (DATABASE_URL): create it first`
  const reason = code ?? errorMessage(error)
  return `The Postgres at ${host} (DATABASE_URL) does not answer (${reason}): start it, or unset DATABASE_URL`
}
