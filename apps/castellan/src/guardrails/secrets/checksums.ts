const POLYNOMIAL = 0xedb88320
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGITS = 6

/**
 * Whether a token ends in the checksum that GitHub and npm give theirs: CRC-32 of what lies between the prefix and the last six
 * characters, in base 62. One that was made up, or mistyped, does so once in four thousand million times.
 * Source: GitHub, Behind GitHub's new authentication token formats (2021).
 */
export function hasBase62Checksum(token: string): boolean {
  const body = token.slice(token.lastIndexOf('_') + 1)
  const [random, checksum] = [body.slice(0, -DIGITS), body.slice(-DIGITS)]
  return random.length > 0 && base62(crc32(random)) === checksum
}

function base62(value: number): string {
  let written = ''
  for (let rest = value; written.length < DIGITS; rest = Math.floor(rest / 62)) written = BASE62[rest % 62]! + written
  return written
}

function crc32(text: string): number {
  let crc = ~0
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  }
  return ~crc >>> 0
}
