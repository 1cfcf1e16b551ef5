import { type KnownSecrets, REDACTED } from '../journal/index.ts'
import { type Begun, concealing, concealingBegun, SHORTEST_MASKED, writtenForms } from '../kernel/index.ts'

/**
 * Remembers the secrets that were used in this process and takes them out of any text. What people set is never forgotten,
 * since texts may still speak of a secret that was replaced; what is renewed every hour must be, some time after its end.
 */
export class Masker implements KnownSecrets {
  readonly #forms = new Set<string>()
  #conceal: ((text: string) => string) | null = null
  #concealBegun: ((text: string) => Begun) | null = null

  learn(plaintext: string): void {
    const before = this.#forms.size
    for (const form of writtenForms(plaintext)) this.#forms.add(form)
    if (this.#forms.size > before) this.#forgetHow()
  }

  forget(plaintext: string): void {
    for (const form of writtenForms(plaintext)) this.#forms.delete(form)
    this.#forgetHow()
  }

  mask(text: string): string {
    if (this.#forms.size === 0 || text.length < SHORTEST_MASKED) return text
    this.#conceal ??= concealing(this.#forms, REDACTED)
    return this.#conceal(text)
  }

  /** As {@link mask}, for a text that goes on. */
  maskBegun(text: string): Begun {
    this.#concealBegun ??= concealingBegun(this.#forms, REDACTED)
    return this.#concealBegun(text)
  }

  #forgetHow(): void {
    this.#conceal = null
    this.#concealBegun = null
  }
}
