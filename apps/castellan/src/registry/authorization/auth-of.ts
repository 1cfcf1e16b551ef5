import type { OAuthSettings, Server } from '../server.ts'

/** The OAuth settings of a server; null when it has none. */
export function authOf({ connection }: Server): OAuthSettings | null {
  return 'auth' in connection ? (connection.auth ?? null) : null
}
