import type { Role } from '../identity/index.ts'
import type { Primitive } from './capability.ts'

/**
 * Lets someone see and ask for something. Whether a call then happens is for policy to say.
 * The name pattern uses `*` for any run of characters.
 */
export interface Grant {
  readonly id: string
  readonly tenant: string
  /** A principal by id, or everybody who has a role. */
  readonly to: { readonly principal: string } | { readonly role: Role }
  /** Server name or `*`. */
  readonly server: string
  readonly primitive: Exclude<Primitive, 'template'>
  /** Pattern over original names. */
  readonly name: string
  /** Whether a resource or prompt is offered as a tool, too. */
  readonly asTool: boolean
  readonly version: number
}

/** A virtual server: chosen capabilities of several servers behind one endpoint. */
export interface Group {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  readonly description: string
  readonly members: readonly GroupMember[]
  readonly version: number
}

export interface GroupMember {
  /** Server name. */
  readonly server: string
  /** Patterns over original names of tools, resources and prompts. */
  readonly names: readonly string[]
}
