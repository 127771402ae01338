import type { Response } from 'express'
import { z } from 'zod'
import { ROLES } from '../../platform/actor.ts'
import { forbidden, unauthorized } from '../../platform/errors.ts'
import { type Call, type Route, route } from '../../platform/http.ts'
import { logIn } from '../commands/log-in.ts'
import { logOut } from '../commands/log-out.ts'
import { refreshSession } from '../commands/refresh-session.ts'
import type { IdentityDeps } from '../deps.ts'
import type { RefreshToken } from '../session.ts'
import { getActiveUser, toUserView } from '../users.ts'

const COOKIE = 'antre_refresh'
/** Browsers send it to the session's routes only, and accept `Secure` on localhost too. */
const COOKIE_RULES = { httpOnly: true, secure: true, sameSite: 'strict', path: '/api/auth' } as const

const userShape = z.object({
  id: z.uuid(),
  email: z.string(),
  fullName: z.string(),
  role: z.enum(ROLES),
  slug: z.string().nullable(),
})

const postLogin = route<IdentityDeps, unknown, unknown, { email: string; password: string }, unknown>(
  {
    method: 'post',
    path: '/api/auth/login',
    who: ['public'],
    summary: 'Log in with e-mail and password',
    body: z.strictObject({ email: z.email().max(254), password: z.string().min(1).max(128) }),
    answer: z.object({ user: userShape, accessToken: z.string() }),
    errors: ['bad_credentials'],
  },
  async (deps, { body, ip, res }) => {
    const { user, accessToken, refresh } = await logIn(deps, { ...body, ip })
    setRefreshCookie(res, refresh)
    return { data: { user, accessToken } }
  },
)

const postRefresh = route<IdentityDeps>(
  {
    method: 'post',
    path: '/api/auth/refresh',
    who: ['public'],
    summary: 'Take the refresh cookie for a new one and an access token',
    answer: z.object({ accessToken: z.string() }),
    errors: ['refresh_invalid', 'refresh_reused'],
  },
  async (deps, call) => {
    const token = readRefreshCookie(call)
    if (token === undefined) throw unauthorized('refresh_invalid', 'Log in again')
    const { accessToken, refresh } = await refreshSession(deps, token)
    setRefreshCookie(call.res, refresh)
    return { data: { accessToken } }
  },
)

const postLogout = route<IdentityDeps>(
  {
    method: 'post',
    path: '/api/auth/logout',
    who: ['public'],
    summary: 'End the session of the refresh cookie',
    answer: z.object({}),
  },
  async (deps, call) => {
    const token = readRefreshCookie(call)
    if (token !== undefined) await logOut(deps, token)
    call.res.clearCookie(COOKIE, COOKIE_RULES)
    return { data: {} }
  },
)

const getMe = route<IdentityDeps>(
  {
    method: 'get',
    path: '/api/auth/me',
    who: [...ROLES],
    summary: 'Who is logged in',
    answer: userShape,
  },
  async (deps, { actor }) => {
    if (actor.kind !== 'user') throw forbidden()
    return { data: toUserView(await getActiveUser(deps.db, actor.id)) }
  },
)

function setRefreshCookie(res: Response, refresh: RefreshToken): void {
  res.cookie(COOKIE, refresh.token, { ...COOKIE_RULES, expires: refresh.expiresAt })
}

function readRefreshCookie(call: Pick<Call<unknown, unknown, unknown>, 'req'>): string | undefined {
  const token: unknown = call.req.cookies?.[COOKIE]
  return typeof token === 'string' ? token : undefined
}

export const sessionRoutes: Route<IdentityDeps>[] = [postLogin, postRefresh, postLogout, getMe]
