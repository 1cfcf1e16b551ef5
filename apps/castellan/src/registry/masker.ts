import { type KnownSecrets, REDACTED } from '../journal/index.ts'

/** Shorter values are not masked: they would be found in honest text everywhere and hide nothing worth hiding. */
export const SHORTEST_MASKED = 6

/**
 * Remembers the secrets that were used in this process and takes them out of any text: as they are, as JSON and URLs write
 * them, and the credentials of a header value without their scheme. A secret is never forgotten, since texts may still
 * speak of one that was replaced.
 */
export class Masker implements KnownSecrets {
  readonly #forms = new Set<string>()
  #pattern: RegExp | null = null

  learn(plaintext: string): void {
    const before = this.#forms.size
    for (const form of formsOf(plaintext)) this.#forms.add(form)
    if (this.#forms.size > before) this.#pattern = null
  }

  mask(text: string): string {
    if (this.#forms.size === 0 || text.length < SHORTEST_MASKED) return text
    this.#pattern ??= anyOf(this.#forms)
    return text.replace(this.#pattern, REDACTED)
  }
}

const SCHEME = /^(?:Bearer|Basic|Token|ApiKey) +(.+)$/i

function* formsOf(plaintext: string): Iterable<string> {
  const bare = SCHEME.exec(plaintext)?.[1]
  for (const value of bare === undefined ? [plaintext] : [plaintext, bare]) {
    if (value.length < SHORTEST_MASKED) continue
    yield value
    yield JSON.stringify(value).slice(1, -1)
    if (value.isWellFormed()) yield encodeURIComponent(value)
  }
}

// One pass for all; the longest first, so that a secret inside another does not leave the rest of it readable.
function anyOf(forms: ReadonlySet<string>): RegExp {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map(form => escaped(form)).join('|'), 'g')
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
