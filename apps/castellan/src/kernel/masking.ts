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
  // The longest first, so that a secret inside another does not leave the rest of it readable.
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map(escaped).join('|'), 'g')
  return text => text.replace(pattern, () => instead)
}

/** A function that takes the given secrets out of a text, in every form they are commonly written in. */
export function masking(secrets: Readonly<Record<string, string>>): (text: string) => string {
  return concealing(new Set(Object.values(secrets).flatMap(secret => [...writtenForms(secret)])), '***')
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
