import { visible } from './texts.ts'

/**
 * Marks of orders that are hidden in the definitions of tools, and hardly in an honest one: sections dressed up as orders, and
 * wishes that the person at the client is not told. They add to what detectors see, which know texts of every kind.
 * Source: Invariant Labs, "MCP security notification: tool poisoning attacks" (2025).
 */
export function poisonIn(text: string): { readonly category: string; readonly words: string }[] {
  const shown = visible(text)
  return marks.flatMap(([category, mark]) => {
    const found = mark.exec(shown)?.[0]
    return found === undefined ? [] : [{ category, words: found.slice(0, 200) }]
  })
}

const marks: readonly (readonly [category: string, mark: RegExp])[] = [
  ['order-in-tags', /<(?:IMPORTANT|SYSTEM|INSTRUCTIONS?|SECRET|HIDDEN|ADMIN|CRITICAL|OVERRIDE)>/],
  ['order-in-tags', /<(important|system|instructions?|secret|hidden|admin|critical|override)>[^]{20,2000}?<\/\1>/i],
  [
    'concealment',
    /\b(?:do not|don['’]?t|never|must not|mustn['’]?t|should not|shouldn['’]?t|without)\s+(?:[\w-]{1,20}\s+){0,3}(?:tell|mention|notify|inform|reveal|alert|disclose|warn|telling|mentioning|notifying|informing|revealing|alerting|disclosing|warning)\b[^.\n]{0,80}\b(?:users?|human|operator|person|anyone|anybody|them)\b/i,
  ],
]
