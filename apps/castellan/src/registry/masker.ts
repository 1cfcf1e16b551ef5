import { type KnownSecrets, REDACTED } from '../journal/index.ts'
import { concealing, SHORTEST_MASKED, writtenForms } from '../kernel/index.ts'

/**
 * Remembers the secrets that were used in this process and takes them out of any text. What people set is never forgotten,
 * since texts may still speak of a secret that was replaced; what is renewed every hour must be, some time after its end.
 */
export class Masker implements KnownSecrets {
  readonly #forms = new Set<string>()
  #conceal: ((text: string) => string) | null = null

  learn(plaintext: string): void {
    const before = this.#forms.size
    for (const form of writtenForms(plaintext)) this.#forms.add(form)
    if (this.#forms.size > before) this.#conceal = null
  }

  forget(plaintext: string): void {
    for (const form of writtenForms(plaintext)) this.#forms.delete(form)
    this.#conceal = null
  }

  mask(text: string): string {
    if (this.#forms.size === 0 || text.length < SHORTEST_MASKED) return text
    this.#conceal ??= concealing(this.#forms, REDACTED)
    return this.#conceal(text)
  }
}
