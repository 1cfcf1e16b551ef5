import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { isJsonObject } from '../../kernel/index.ts'

/** What a client carries for us between two of its requests. */
export type Carried =
  /** The upstream server's own state; null when it gave none. */
  | { readonly is: 'server'; readonly state: string | null }
  /** The name of a call that waits, and where other nodes find it; null when only the one that parked it can. */
  | { readonly is: 'parked'; readonly id: string; readonly at: string | null }
  /** A task of a server, and the tool whose call became it. */
  | { readonly is: 'task'; readonly id: string; readonly tool: string }

/**
 * Writes and reads `requestState`: what a client carries is only believed when we wrote it, for the same principal and the
 * very same request, and not too long ago. It is sealed (AES-256-GCM), so that what it says of our nodes stays among them.
 *
 * Source: MCP 2026-07-28, multi round-trip requests (SEP-2322): servers must treat `requestState` as attacker-controlled.
 */
export class RequestStates {
  readonly #key: Uint8Array
  readonly #now: () => Date

  /** The key has 32 bytes. */
  constructor(key: Uint8Array, now: () => Date) {
    this.#key = key
    this.#now = now
  }

  /** `binding` names the principal and the request; good for so many milliseconds. */
  write(carried: Carried, binding: string, goodFor: number): string {
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv(SUITE, this.#key, nonce).setAAD(Buffer.from(binding))
    const text = JSON.stringify({ ...bodyOf(carried), e: this.#now().getTime() + goodFor })
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
    return Buffer.concat(sealed).toString('base64url')
  }

  /** Null when it was not written by {@link write} under the same binding, or is too old. */
  read(token: string, binding: string): Carried | null {
    const text = this.#open(token, binding)
    if (text === null) return null
    const said: unknown = JSON.parse(text)
    if (!isJsonObject(said) || typeof said.e !== 'number' || said.e < this.#now().getTime()) return null
    if (typeof said.p === 'string') return { is: 'parked', id: said.p, at: typeof said.a === 'string' ? said.a : null }
    if (typeof said.t === 'string' && typeof said.n === 'string') return { is: 'task', id: said.t, tool: said.n }
    return { is: 'server', state: typeof said.s === 'string' ? said.s : null }
  }

  #open(token: string, binding: string): string | null {
    const sealed = Buffer.from(token, 'base64url')
    // What is decoded may have been written otherwise, too: only the one way in which we write is ours.
    if (sealed.length < NONCE + TAG || sealed.toString('base64url') !== token) return null
    const opening = createDecipheriv(SUITE, this.#key, sealed.subarray(0, NONCE), { authTagLength: TAG })
      .setAAD(Buffer.from(binding))
      .setAuthTag(sealed.subarray(-TAG))
    const text = opening.update(sealed.subarray(NONCE, -TAG))
    try {
      return Buffer.concat([text, opening.final()]).toString('utf8')
    } catch {
      return null
    }
  }
}

const SUITE = 'aes-256-gcm'
/** Bytes. */
const NONCE = 12
const TAG = 16

function bodyOf(carried: Carried): Readonly<Record<string, string | null>> {
  switch (carried.is) {
    case 'server':
      return { s: carried.state }
    case 'parked':
      return { p: carried.id, a: carried.at }
    case 'task':
      return { t: carried.id, n: carried.tool }
    default:
      throw carried satisfies never
  }
}
