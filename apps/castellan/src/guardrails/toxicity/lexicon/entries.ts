import type { KindName } from '../kinds.ts'

/**
 * Words by kind, in lower case and separated by spaces: `word`, or `stem+s+ed` for the stem by itself and with each ending. When a word
 * is of several kinds, the first counts.
 */
export type Entries = Readonly<Partial<Record<KindName, string>>>

/** The words that are written down in entries. */
export function expanded(words: string): string[] {
  return words
    .trim()
    .split(/\s+/)
    .flatMap(entry => {
      const [stem = '', ...endings] = entry.split('+')
      return [stem, ...endings.map(ending => stem + ending)]
    })
}
