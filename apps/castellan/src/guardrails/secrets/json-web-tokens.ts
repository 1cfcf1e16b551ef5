import { beginsToken } from './characters.ts'
import type { Rule } from './rule.ts'

const SHAPE = /(eyJ[\w-]{8,2000})\.([\w-]{8,8000})\.([\w-]{0,1400})/y

/**
 * JSON web tokens, known by a header that is JSON and names an algorithm. Those that are not signed let nobody in, and are left
 * alone; encrypted ones have five parts, of which the first three are enough to know them by.
 * Source: RFC 7515, section 3.1, and RFC 7519.
 */
export const jsonWebTokens: Rule = {
  literals: ['eyj'],
  look(text, start) {
    if (!beginsToken(text, start)) return undefined
    SHAPE.lastIndex = start
    const match = SHAPE.exec(text)
    if (!match || !namesAlgorithm(match[1]!)) return undefined
    if (match[3]!.length < SHORTEST_SIGNATURE) return undefined
    return { category: 'jwt', start, end: start + match[0].length, confidence: 0.95 }
  },
}

const SHORTEST_SIGNATURE = 16

function namesAlgorithm(header: string): boolean {
  return /"alg"\s*:\s*"\w/.test(Buffer.from(header, 'base64url').toString('latin1'))
}
