/** How many bytes of a server's stderr are kept, and how much of it is quoted when it ends. */
const KEPT = 64 * 1024
const QUOTED_LINES = 5
const QUOTED_CHARACTERS = 500

/** Keeps the end of a server's stderr, already masked, for the sentence that says why it died. */
export function lastWords(): { add(line: string): void; quote(): string } {
  const lines: string[] = []
  let size = 0
  return {
    add(line) {
      lines.push(line.slice(0, KEPT))
      size += Math.min(line.length, KEPT)
      while (size > KEPT) size -= lines.shift()?.length ?? 0
    },
    quote() {
      const words = lines
        .slice(-QUOTED_LINES)
        .join(' | ')
        .replace(/\p{Cc}+/gu, ' ')
        .trim()
      return words === '' ? '' : `; its last words: ${words.slice(-QUOTED_CHARACTERS)}`
    },
  }
}
