import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJsonObject } from '../kernel/index.ts'
import type { Approval } from './approval.ts'

/**
 * Tokens by which whoever got a notice answers it: each is good for one question, until that must be decided. That it is good
 * once is for the question to say, which knows who answered it.
 */
export class CallbackTokens {
  readonly #key: Uint8Array
  readonly #now: () => Date

  constructor(key: Uint8Array, now: () => Date) {
    this.#key = key
    this.#now = now
  }

  write({ tenant, id, expiresAt }: Pick<Approval, 'tenant' | 'id' | 'expiresAt'>): string {
    const text = Buffer.from(JSON.stringify({ t: tenant, a: id, e: Date.parse(expiresAt) })).toString('base64url')
    return `${text}.${this.#sign(text).toString('base64url')}`
  }

  /** Null for what we did not write, and for what is too old. */
  read(token: string): { readonly tenant: string; readonly id: string } | null {
    const [text, signature, ...more] = token.split('.')
    if (text === undefined || signature === undefined || more.length > 0) return null
    const given = Buffer.from(signature, 'base64url')
    const expected = this.#sign(text)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
    const said: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!isJsonObject(said)) return null
    const { t: tenant, a: id, e: until } = said
    if (typeof tenant !== 'string' || typeof id !== 'string' || typeof until !== 'number') return null
    return until > this.#now().getTime() ? { tenant, id } : null
  }

  #sign(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest()
  }
}
