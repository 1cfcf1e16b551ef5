import type { Memory, Tokens } from './authorizer.ts'

/** All we keep of an authorization, sealed as one secret. */
export interface Kept {
  /** Digest of the settings it was given under; under others it is worth nothing. */
  readonly settings: string
  readonly tokens: Tokens | null
  readonly memory: Memory
  readonly pending: Pending | null
  readonly authorizedAt: string | null
  readonly authorizedBy: string | null
}

/** A person was asked, and has not answered yet. */
export interface Pending {
  /** Digest of the `state` that must come back. */
  readonly state: string
  readonly memory: Memory
  readonly until: string
  readonly principal: string
  readonly correlationId: string
}

export function nothingKept(settings: string): Kept {
  return { settings, tokens: null, memory: {}, pending: null, authorizedAt: null, authorizedBy: null }
}

/** How names of these secrets end. */
export const KEPT = '/authorization'

/** Name of the secret; below the server's id, so that it is removed with the server. */
export function keptName(serverId: string): string {
  return `${serverId}${KEPT}`
}

/** What was kept under the same settings; otherwise nothing. */
export function readKept(text: string, settings: string): Kept {
  // Sealed by us as it is, unless somebody has put a secret of their own under the name.
  const kept = text.startsWith('{"settings":') ? (JSON.parse(text) as Kept) : null
  return kept?.settings === settings ? kept : nothingKept(settings)
}
