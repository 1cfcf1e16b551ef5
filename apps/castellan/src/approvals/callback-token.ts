import { readSigned, writeSigned } from '../kernel/index.ts'
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
    return writeSigned({ t: tenant, a: id, e: Date.parse(expiresAt) }, this.#key)
  }

  /** Null for what we did not write, and for what is too old. */
  read(token: string): { readonly tenant: string; readonly id: string } | null {
    const { t: tenant, a: id, e: until } = readSigned(token, this.#key) ?? {}
    if (typeof tenant !== 'string' || typeof id !== 'string' || typeof until !== 'number') return null
    return until > this.#now().getTime() ? { tenant, id } : null
  }
}
