import { hash } from 'node:crypto'
import { canonicalize, type JsonObject } from '../kernel/index.ts'

/** A line of the journal, sealed: nothing of it changes any more. Its offset is assigned when it is sequenced. */
export interface Entry {
  /** UUIDv7. */
  readonly id: string
  readonly tenant: string
  /** The lane of one entity, `<kind>:<id>`, such as `call:0198…`. */
  readonly stream: string
  /** Place in the stream, from 0 without gaps. */
  readonly seq: number
  /** Dotted topic in the past tense, such as `call.ended`. */
  readonly type: string
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string
  /** Id of the principal who caused it; `system` for the control plane itself, `anonymous` before anyone is known. */
  readonly principal: string
  readonly correlationId: string
  readonly causationId: string | null
  readonly data: JsonObject
  /** RFC 9162 leaf hash over {@link leafBytes}, 64 hex digits. */
  readonly leafHash: string
}

/** An entry with its final place in the whole journal, from 1 without gaps. */
export interface SequencedEntry extends Entry {
  readonly offset: number
}

/** What the author of an entry says; sealing adds the rest. */
export interface Draft {
  readonly tenant: string
  readonly stream: string
  readonly seq: number
  readonly type: string
  readonly principal: string
  readonly correlationId: string
  readonly causationId?: string
  readonly data: JsonObject
}

/**
 * The exact bytes an entry is hashed over: canonical JSON of everything but hash and offset.
 * The offset stays out because it is assigned after the commit; the tree gives the position.
 */
export function leafBytes(entry: Omit<Entry, 'leafHash'>): string {
  const { id, tenant, stream, seq, type, at, principal, correlationId, causationId } = entry
  // In the order of their names, with `data` between these two.
  const before = canonicalize({ at, causationId, correlationId })
  const after = canonicalize({ id, principal, seq, stream, tenant, type })
  return `${before.slice(0, -1)},"data":${dataText(entry)},${after.slice(1)}`
}

/** SHA-256 of 0x00 and the leaf bytes, in hex. Source: RFC 9162 section 2.1.1. */
export function leafHash(entry: Omit<Entry, 'leafHash'>): string {
  return hash('sha256', `\0${leafBytes(entry)}`)
}

/** The canonical JSON of an entry's data. */
export function dataText(entry: Pick<Entry, 'data'>): string {
  return (entry as { readonly [TEXT]?: string })[TEXT] ?? canonicalize(entry.data)
}

/** Lets an entry whose data is frozen all the way down know the canonical text of it, which is no part of any copy. */
export function rememberText<T extends Pick<Entry, 'data'>>(entry: T): T {
  // No WeakMap: the young garbage of every call would stay until the old is collected.
  return Object.defineProperty(entry, TEXT, { value: canonicalize(entry.data) })
}

const TEXT = Symbol('text')
