import type { Role } from '../identity/index.ts'

/** So many calls in so many milliseconds, with the whole amount at hand at the start (a token bucket). */
export interface Rate {
  readonly calls: number
  readonly per: number
}

/** Bounds on what is called at all, before anyone asks a policy. Several may apply; each must be kept. */
export interface Limits {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  /** To whom it applies: everybody in the tenant, one principal, or everybody with a role. */
  readonly to: 'everyone' | { readonly principal: string } | { readonly role: Role }
  /** Patterns over `server/name`, `*` for any run of characters; null allows all, an empty list nothing. */
  readonly allow: readonly string[] | null
  /** Patterns that are refused even when allowed. */
  readonly block: readonly string[]
  /** Refuses everything that may reach beyond its server. */
  readonly noNetwork: boolean
  /** Judges calls and does not run them. */
  readonly dryRun: boolean
  /** Most calls in one session. */
  readonly maxSteps: number | null
  readonly perPrincipal: Rate | null
  readonly perTool: Rate | null
  readonly version: number
}
