import type { Digest, JsonObject } from '../../kernel/index.ts'
import type { Primitive } from '../capability.ts'

/** What has a pin: each capability, and what a server says of how it is to be used. */
export type PinnedKind = Primitive | 'instructions'

/** What was decided about the definitions of one capability. */
export interface Pin {
  /** The same for the same tenant, server name, kind and name, also when the server was gone in between. */
  readonly id: string
  readonly kind: PinnedKind
  readonly name: string
  /** What may be offered and called; null when nothing was found fit for it yet. */
  readonly approved: Approved | null
  /** What a server says now and may not be offered; null when there is no such thing. */
  readonly waiting: Waiting | null
}

export interface Approved {
  readonly digest: Digest
  /**
   * The definition that changes are measured against: what a person approved or was seen first. Many harmless changes in a
   * row could otherwise add up to one that is not.
   */
  readonly basis: Digest
  readonly how: 'first_use' | 'harmless' | 'review'
  /** Id of a principal, or `system`. */
  readonly by: string
  readonly at: string
}

export interface Waiting {
  readonly digest: Digest
  /** In what it differs from the basis, or what is risky about it by itself. */
  readonly changes: readonly Change[]
  readonly since: string
  /** A person looked at it and said no. */
  readonly rejected: { readonly by: string; readonly at: string } | null
}

/** The classes of changes, and whether a person has to look at one. */
export const changeClasses = {
  /** Other words, and nothing of the below in them. */
  wording: 'harmless',
  /** A field that says nothing to a model, such as an icon or a media type. */
  detail: 'harmless',
  schema_narrowed: 'harmless',
  /** More is taken, or asked for, than before. */
  schema_widened: 'risky',
  /** Different, and neither wider nor narrower for certain. */
  schema_changed: 'risky',
  new_url: 'risky',
  /** Orders to a model. */
  instruction: 'risky',
  /** Text that people do not see and models do. */
  hidden_text: 'risky',
  /** Another tool is spoken of by its name. */
  tool_reference: 'risky',
  /** A hint at what a tool may do is another, in whichever direction. */
  annotation: 'risky',
  /** The name is that of a tool of another server, or looks like one. */
  name_collision: 'risky',
  /** Calls would go to another address. */
  route: 'risky',
  /** No detector could look at it. */
  uninspected: 'risky',
  /** Nobody has to say why: a person is to look at whatever is new. */
  unreviewed: 'risky',
} as const satisfies Record<string, 'harmless' | 'risky'>
export type ChangeClass = keyof typeof changeClasses

export interface Change {
  readonly class: ChangeClass
  /** Where, as a JSON pointer into the definition; empty for the whole. */
  readonly at: string
  /** In a few words, which may quote the server. */
  readonly what: string
}

export function isRisky(change: Change): boolean {
  return changeClasses[change.class] === 'risky'
}

/** All pins of one server name in a tenant: one versioned resource, with a stream of the journal to itself. */
export interface PinBook {
  readonly tenant: string
  /** Name of the server, not its id: pins outlive the server. */
  readonly server: string
  readonly version: number
  /** How many entries its stream has. */
  readonly entries: number
  readonly pins: readonly Pin[]
}

/** The definitions that the pins of a book speak of. */
export type Definitions = Readonly<Record<Digest, JsonObject>>
