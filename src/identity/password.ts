import { hash, verify } from '@node-rs/argon2'

/** A hash with the parameters of `hashPassword`: what the password for an unknown e-mail is compared with. */
const NO_ACCOUNT = '$argon2id$v=19$m=19456,t=2,p=1$ClNRy2fWLwBkBdaeVcewSQ$IssY1nIse43PWn28N3SMF+rzczj6MVUwRLubzHAujhg'

/** argon2id with the library's defaults (19 MiB, 2 passes). */
export const hashPassword = (password: string): Promise<string> => hash(password)

/** Compares in the same time whether there is an account or not; without one the answer is always false. */
export async function isRightPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  const isEqual = await verify(passwordHash ?? NO_ACCOUNT, password)
  return passwordHash !== undefined && isEqual
}
