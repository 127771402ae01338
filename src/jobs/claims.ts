import type { Claim } from './runtime.ts'

/** What this process has claimed and not settled yet. */
export type Claims = {
  add(claim: Claim): Claim
  remove(claims: readonly Claim[]): void
  all(): Claim[]
}

export function createClaims(): Claims {
  const held = new Map<string, Claim>()
  return {
    add(claim) {
      held.set(claim.id, claim)
      return claim
    },
    remove(claims) {
      // The same job may have been claimed again meanwhile (a lost claim): only our own entry goes.
      for (const claim of claims) if (held.get(claim.id) === claim) held.delete(claim.id)
    },
    all: () => [...held.values()],
  }
}
