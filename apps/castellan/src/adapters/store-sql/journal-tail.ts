import type { Entry, SequencedEntry } from '../../journal/index.ts'

/**
 * The newest entries, as they were written by this process: readers that keep up need not ask the database. Only for a database
 * with no other writer. Says nothing rather than something with a gap.
 *
 * What some reader has read is kept for the others until the next transaction but one, and then let go: entries that stay
 * outlive the young generation of the heap, where they cost next to nothing.
 */
export class JournalTail {
  #entries: SequencedEntry[] = []
  /** Up to where somebody has read. */
  #read = 0
  /** What was known before the last transaction. */
  #before = 0

  /** Takes in what a transaction added, up to the offset that its last entry got. */
  add(entries: readonly Entry[], head: number): void {
    if (entries.length === 0) return
    const first = head - entries.length + 1
    if (this.#entries.at(-1)?.offset !== first - 1) this.#entries = []
    else this.#letGo()
    this.#before = first - 1
    for (const [index, entry] of entries.entries()) this.#entries.push({ offset: first + index, ...entry })
  }

  /** Every entry after an offset; undefined when that is not known here. */
  after(offset: number): readonly SequencedEntry[] | undefined {
    const [first] = this.#entries
    if (!first || offset < first.offset - 1) return undefined
    const skipped = offset - first.offset + 1
    if (skipped > this.#entries.length) return undefined
    this.#read = Math.max(this.#read, offset)
    return this.#entries.slice(skipped)
  }

  #letGo(): void {
    const [first] = this.#entries
    if (!first) return
    const old = Math.min(this.#read, this.#before) - first.offset + 1
    const tooMany = this.#entries.length - MOST_KEPT
    if (old > 0 || tooMany > 0) this.#entries.splice(0, Math.max(old, tooMany))
  }
}

const MOST_KEPT = 4_000
