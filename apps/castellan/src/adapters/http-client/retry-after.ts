/** No server may keep a caller away for longer than this. */
const LONGEST = 24 * 60 * 60 * 1000

/** Milliseconds of a `Retry-After` header (RFC 9110 section 10.2.3: seconds or a date); null when there is no readable one. */
export function retryAfter(header: string | null | undefined, now: Date): number | null {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, LONGEST)
  const at = /^[A-Z][a-z]+,/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - now.getTime()), LONGEST)
}
