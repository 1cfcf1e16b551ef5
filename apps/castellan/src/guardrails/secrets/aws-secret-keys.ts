import { beginsToken } from './characters.ts'
import { isPlaceholder } from './placeholders.ts'
import { looksRandom } from './randomness.ts'
import type { Rule } from './rule.ts'

const KEY_ID = /(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/y
const SECRET = /(?<![\w/+=-])[A-Za-z0-9/+]{40}(?![\w/+=-])/
/** Characters after a key id in which its secret stands: the rest of a line, or the next one. */
const NEAR = 200

/**
 * The secret half of a pair of AWS keys. Nothing about its 40 characters says what it is, so it is known by its neighbour, as
 * in the table that the console gives out.
 */
export const awsSecretKeys: Rule = {
  literals: ['akia', 'asia'],
  look(text, start) {
    KEY_ID.lastIndex = start
    if (!beginsToken(text, start) || !KEY_ID.test(text)) return undefined
    const after = KEY_ID.lastIndex
    const match = SECRET.exec(text.slice(after, after + NEAR))
    if (!match || isPlaceholder(match[0]) || !looksRandom(match[0])) return undefined
    const at = after + match.index
    return { category: 'aws-secret-access-key', start: at, end: at + match[0].length, confidence: 0.95 }
  },
}
