import type { Identity } from '../../identity/index.ts'

/** Whose sessions somebody may see: null for those of everybody. */
export function whose(identity: Identity): string | null {
  return seesEverything(identity) ? null : identity.principal.id
}

export function seesEverything({ roles }: Identity): boolean {
  return roles.some(role => role === 'admin' || role === 'auditor')
}
