import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJsonObject } from '../../kernel/index.ts'

/** What a client carries for us between two of its requests. */
export type Carried =
  /** The upstream server's own state; null when it gave none. */
  | { readonly is: 'server'; readonly state: string | null }
  /** The name of a call that waits here. */
  | { readonly is: 'parked'; readonly id: string }
  /** A task of a server, and the tool whose call became it. */
  | { readonly is: 'task'; readonly id: string; readonly tool: string }

/**
 * Writes and reads `requestState`: what a client carries is only believed when we wrote it, for the same principal and the
 * very same request, and not too long ago. What it says is no secret, so it is signed and not encrypted.
 *
 * Source: MCP 2026-07-28, multi round-trip requests (SEP-2322): servers must treat `requestState` as attacker-controlled.
 */
export class RequestStates {
  readonly #key: Uint8Array
  readonly #now: () => Date

  constructor(key: Uint8Array, now: () => Date) {
    this.#key = key
    this.#now = now
  }

  /** `binding` names the principal and the request; good for so many milliseconds. */
  write(carried: Carried, binding: string, goodFor: number): string {
    const text = Buffer.from(JSON.stringify({ ...bodyOf(carried), e: this.#now().getTime() + goodFor })).toString(
      'base64url',
    )
    return `${text}.${this.#sign(text, binding).toString('base64url')}`
  }

  /** Null when it was not written by {@link write} under the same binding, or is too old. */
  read(token: string, binding: string): Carried | null {
    const [text, signature, ...more] = token.split('.')
    if (text === undefined || signature === undefined || more.length > 0) return null
    const given = Buffer.from(signature, 'base64url')
    const expected = this.#sign(text, binding)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
    const said: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!isJsonObject(said) || typeof said.e !== 'number' || said.e < this.#now().getTime()) return null
    if (typeof said.p === 'string') return { is: 'parked', id: said.p }
    if (typeof said.t === 'string' && typeof said.n === 'string') return { is: 'task', id: said.t, tool: said.n }
    return { is: 'server', state: typeof said.s === 'string' ? said.s : null }
  }

  #sign(text: string, binding: string): Buffer {
    return createHmac('sha256', this.#key).update(text).update('\n').update(binding).digest()
  }
}

function bodyOf(carried: Carried): Readonly<Record<string, string | null>> {
  switch (carried.is) {
    case 'server':
      return { s: carried.state }
    case 'parked':
      return { p: carried.id }
    case 'task':
      return { t: carried.id, n: carried.tool }
    default:
      throw carried satisfies never
  }
}
