/** Shorter values are words such as `on` or `80`: hiding them would make every sentence unreadable and protect nothing. */
const SHORTEST = 4

/** A function that replaces every given value, and the ways it is commonly written down, by `***`. */
export function masking(values: Readonly<Record<string, string>>): (text: string) => string {
  const hidden = new Set<string>()
  for (const value of Object.values(values)) {
    // A header's scheme is no secret, and the token is quoted without it; a key in PEM is quoted line by line.
    const parts = [value, value.replace(/^\S+\s+/, ''), ...value.split(/\r?\n/)]
    for (const part of parts.map(part => part.trim())) {
      if (part.length < SHORTEST) continue
      hidden.add(part)
      hidden.add(JSON.stringify(part).slice(1, -1))
      if (part.isWellFormed()) hidden.add(encodeURIComponent(part))
      hidden.add(Buffer.from(part).toString('base64'))
    }
  }
  // Longest first, so that no rest of a longer value stays behind.
  const ordered = [...hidden].sort((a, b) => b.length - a.length)
  return text => ordered.reduce((masked, value) => masked.replaceAll(value, '***'), text)
}
