import { isPlaceholder } from './placeholders.ts'
import { countsUp, looksRandom } from './randomness.ts'
import type { Rule } from './rule.ts'

const BEARER = /(?:bearer|ssws|genie-?key|token token=["']?)[ \t]{1,4}([\w.~+/%-]{16,2000}={0,2})/iy
const BASIC = /basic[ \t]{1,4}([A-Za-z0-9+/_-]{8,500}={0,2})(?![\w.])/iy

/** Tokens in headers: `Authorization: Bearer …`. */
export const bearerTokens: Rule = {
  literals: ['bearer ', 'ssws ', 'geniekey ', 'genie-key '],
  look(text, start) {
    BEARER.lastIndex = start
    const match = BEARER.exec(text)
    const token = match?.[1]
    if (!match || token === undefined || isPlaceholder(token) || countsUp(token) || !looksRandom(token))
      return undefined
    const end = start + match[0].length
    return { category: 'bearer-token', start: end - token.length, end, confidence: 0.92 }
  },
}

/** User and password in headers, in base64: `Authorization: Basic …`. Source: RFC 7617. */
export const basicCredentials: Rule = {
  literals: ['basic '],
  look(text, start) {
    BASIC.lastIndex = start
    const match = BASIC.exec(text)
    const encoded = match?.[1]
    if (!match || encoded === undefined || !holdsPassword(encoded)) return undefined
    const end = start + match[0].length
    return { category: 'basic-credentials', start: end - encoded.length, end, confidence: 0.9 }
  },
}

/** Whether base64 is `user:password`, and the password is one. */
export function holdsPassword(encoded: string): boolean {
  const decoded = Buffer.from(encoded, 'base64').toString('latin1')
  const colon = decoded.indexOf(':')
  if (colon < 0 || !/^[\x20-\x7e]+$/.test(decoded)) return false
  const password = decoded.slice(colon + 1)
  return password.length >= 3 && !isPlaceholder(password) && !/^(?:pass(?:word|wd)?|pwd|secret)$/i.test(password)
}
