/** What identity deletes how many days after the moment in `column`. */
export const identityRetention = [
  { table: 'refresh_tokens', column: 'expires_at', days: 7 },
  { table: 'guest_access_tokens', column: 'expires_at', days: 30 },
] as const
