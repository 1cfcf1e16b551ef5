/** Shorter values are words such as `on` or `80`: hiding them would spoil every sentence and protect nothing. */
export const SHORTEST_MASKED = 6

const SCHEME = /^(?:Bearer|Basic|Token|ApiKey) +/i

/**
 * The ways a secret is commonly written down: as it is, the credentials of a header without their scheme, a key in PEM
 * line by line, and each of these as JSON, URLs and base64 write it. Empty when it is too short to be hidden.
 */
export function writtenForms(secret: string): ReadonlySet<string> {
  const forms = new Set<string>()
  const parts = [secret, secret.replace(SCHEME, ''), ...secret.split(/\r?\n/)]
  for (const part of parts.map(each => each.trim())) {
    if (part.length < SHORTEST_MASKED) continue
    forms.add(part).add(JSON.stringify(part).slice(1, -1)).add(Buffer.from(part).toString('base64'))
    if (part.isWellFormed()) forms.add(encodeURIComponent(part))
  }
  return forms
}

/** A function that replaces every given form, in one pass over a text. */
export function concealing(forms: ReadonlySet<string>, instead: string): (text: string) => string {
  if (forms.size === 0) return text => text
  const pattern = anyOf(forms)
  return text => text.replace(pattern, () => instead)
}

/** A text that goes on. */
export interface Begun {
  /** Of this it is known what it is. */
  readonly told: string
  /** This may be the beginning of something else, and belongs before what follows. */
  readonly held: string
}

/** As {@link concealing}, for a text that comes bit by bit: put together, all that is told and what is held last become the same. */
export function concealingBegun(forms: ReadonlySet<string>, instead: string): (text: string) => Begun {
  if (forms.size === 0) return text => ({ told: text, held: '' })
  const pattern = anyOf(forms)
  const byFirst = Map.groupBy(forms, form => form.charCodeAt(0))
  const longest = [...forms].reduce((most, { length }) => Math.max(most, length), 0)
  /** Where something may begin of which the text has not all, at or after a place. */
  const openFrom = (text: string, from: number): number => {
    for (let at = Math.max(from, text.length - longest + 1); at < text.length; at++) {
      const rest = text.length - at
      for (const form of byFirst.get(text.charCodeAt(at)) ?? [])
        if (form.length > rest && form.startsWith(text.slice(at))) return at
    }
    return text.length
  }
  return text => {
    let told = ''
    for (let from = 0; ;) {
      const open = openFrom(text, from)
      pattern.lastIndex = from
      const found = pattern.exec(text)
      // Where one ends and a longer one may go on, it is the longer one that counts.
      if (!found || found.index >= open) return { told: told + text.slice(from, open), held: text.slice(open) }
      told += text.slice(from, found.index) + instead
      from = pattern.lastIndex
    }
  }
}

/** A function that takes the given secrets out of a text, in every form they are commonly written in. */
export function masking(secrets: Readonly<Record<string, string>>): (text: string) => string {
  return concealing(new Set(Object.values(secrets).flatMap(secret => [...writtenForms(secret)])), '***')
}

/** The longest first, so that a secret inside another does not leave the rest of it readable. */
function anyOf(forms: ReadonlySet<string>): RegExp {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map(escaped).join('|'), 'g')
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
