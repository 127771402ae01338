import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Config } from '../platform/config.ts'
import { unauthorized } from '../platform/errors.ts'

type Keys = Pick<Config, 'JWT_SECRET'>
type Pass = { guestId: string; orderId: string; tokenId: string }

const ISSUER = 'antre'
const ACCESS_SECONDS = 15 * 60
const PASS_SECONDS = 30 * 60

const claims = z.discriminatedUnion('aud', [
  z.object({ aud: z.literal('access'), sub: z.uuid(), exp: z.number() }),
  z.object({ aud: z.literal('pass'), sub: z.uuid(), exp: z.number(), order: z.uuid(), token: z.uuid() }),
])

export type SignedToken = z.infer<typeof claims>

const keyOf = (keys: Keys): Uint8Array => new TextEncoder().encode(keys.JWT_SECRET)
const seconds = (at: Date): number => Math.floor(at.getTime() / 1000)

/** A user's access token: 15 minutes. The role in it informs the client; the server reads it from the user. */
export function signAccessToken(keys: Keys, user: { id: string; role: string }, now: Date): Promise<string> {
  return sign(keys, 'access', user.id, { role: user.role }, seconds(now), ACCESS_SECONDS)
}

/** A buyer's pass for one order: 30 minutes. */
export async function signPass(keys: Keys, pass: Pass, now: Date): Promise<{ pass: string; expiresAt: Date }> {
  const issued = seconds(now)
  const signed = await sign(
    keys,
    'pass',
    pass.guestId,
    { order: pass.orderId, token: pass.tokenId },
    issued,
    PASS_SECONDS,
  )
  return { pass: signed, expiresAt: new Date((issued + PASS_SECONDS) * 1000) }
}

function sign(
  keys: Keys,
  audience: string,
  subject: string,
  more: Record<string, string>,
  issued: number,
  life: number,
) {
  return new SignJWT(more)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(issued)
    .setExpirationTime(issued + life)
    .sign(keyOf(keys))
}

/**
 * The claims of a token that we signed. Its age is not judged here: only the database's clock counts, and whoever reads
 * the user or the order's token asks for it in the same statement. @throws AppError 401 `token_invalid`
 */
export async function readSignedToken(keys: Keys, token: string): Promise<SignedToken> {
  try {
    const { payload } = await jwtVerify(token, keyOf(keys), {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: ['access', 'pass'],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(0),
    })
    return claims.parse(payload)
  } catch {
    throw invalidToken()
  }
}

export const invalidToken = () => unauthorized('token_invalid', 'These credentials are not valid')

/** @throws AppError 401 `token_expired` */
export function refuseExpired(token: SignedToken, now: Date): void {
  if (token.exp <= now.getTime() / 1000) throw unauthorized('token_expired', 'These credentials have expired')
}
