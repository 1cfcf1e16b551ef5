/** Shorter values are words such as `on` or `json`: hiding them would spoil every sentence and protect nothing. */
const SHORTEST = 6

/** Hides what the operator set, and the ways a service may write it down, in text that is not a result. */
export function masking(values: Readonly<Record<string, string>>): (text: string) => string {
  const hidden = new Set<string>()
  for (const value of Object.values(values)) {
    // A scheme such as "Bearer" is no secret, and the token is often quoted without it.
    for (const part of [value.trim(), value.trim().replace(/^\S+\s+/, '')]) {
      if (part.length < SHORTEST) continue
      hidden.add(part).add(JSON.stringify(part).slice(1, -1)).add(Buffer.from(part).toString('base64'))
      if (part.isWellFormed()) hidden.add(encodeURIComponent(part))
    }
  }
  // Longest first, so that no rest of a longer value stays behind.
  const ordered = [...hidden].sort((a, b) => b.length - a.length)
  return text => ordered.reduce((masked, value) => masked.replaceAll(value, '***'), text)
}
