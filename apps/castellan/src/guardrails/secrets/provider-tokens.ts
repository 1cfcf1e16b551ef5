import { beginsToken } from './characters.ts'
import { isPlaceholder } from './placeholders.ts'
import { type Provider, providers } from './provider-table.ts'
import { countsUp, looksRandom } from './randomness.ts'
import type { Rule } from './rule.ts'

const PROVEN = 0.99
const SHAPED = 0.95

/** One rule for each row of the table. */
export const providerTokens: readonly Rule[] = providers.map(tokensOf)

function tokensOf({ category, begins, body, proof }: Provider): Rule {
  // The longest first, so that what another one begins with as well is not taken for a part of the body.
  const beginnings = [...begins].sort((a, b) => b.length - a.length).map(escaped)
  const shape = new RegExp(`(${beginnings.join('|')})(?:${body})(?![A-Za-z0-9])`, 'y')
  return {
    literals: begins.map(it => it.toLowerCase()),
    look(text, start) {
      if (!beginsToken(text, start)) return undefined
      shape.lastIndex = start
      const match = shape.exec(text)
      if (!match) return undefined
      const token = match[0]
      const random = token.slice(match[1]!.length)
      if (isPlaceholder(random) || countsUp(random) || !looksRandom(random)) return undefined
      return { category, start, end: start + token.length, confidence: proof?.(token) ? PROVEN : SHAPED }
    },
  }
}

function escaped(literal: string): string {
  return literal.replace(/[.$+/]/g, String.raw`\$&`)
}
