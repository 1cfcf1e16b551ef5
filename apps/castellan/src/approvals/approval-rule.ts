import type { Role } from '../identity/index.ts'

/** When whoever asked may not be one of those who agree: never, unless it is a person, or when nobody minds. */
export type FourEyes = 'always' | 'machines' | 'never'

/** How calls of some tools are approved, once a guard asks for it. */
export interface ApprovalRule {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  /** Patterns over `server/name`, `*` for any run of characters. */
  readonly tools: readonly string[]
  /** One of these roles is needed to decide. */
  readonly approvers: readonly Role[]
  readonly fourEyes: FourEyes
  /** How many must agree. */
  readonly quorum: number
  /** Milliseconds; null for the setting. */
  readonly decideWithin: number | null
  readonly useWithin: number | null
  /** Where each request is told of, and the name of the secret that signs it. */
  readonly webhook: { readonly url: string; readonly secret: string } | null
  readonly version: number
}
