import { randomBytes } from 'node:crypto'
import { sha256Hex } from '../platform/ids.ts'

/** 32 random bytes as 43 characters of base64url. Whoever hands it out stores only its hash. */
export const newSecretToken = (): string => randomBytes(32).toString('base64url')

/** True for text that has the shape of `newSecretToken()`. */
export const looksLikeSecretToken = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

export const hashToken = (token: string): string => sha256Hex(token)
