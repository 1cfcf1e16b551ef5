import type { Role } from '../identity/index.ts'
import { matchesPattern } from '../registry/index.ts'
import type { Call } from './call.ts'

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

/** Why limits do not allow a call at all, however few there are; undefined when they do. */
export function broken(
  limits: Pick<Limits, 'allow' | 'block' | 'noNetwork'>,
  call: Pick<Call, 'server' | 'capability' | 'openWorld'>,
): string | undefined {
  const name = `${call.server.name}/${call.capability.name}`
  if (limits.block.some(pattern => matchesPattern(pattern, name))) return `${name} is blocked`
  if (limits.allow && !limits.allow.some(pattern => matchesPattern(pattern, name)))
    return `${name} is not on the allow list`
  if (limits.noNetwork && call.openWorld) return `${name} may reach the network`
  return undefined
}
