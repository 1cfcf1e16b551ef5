import type { SequencedEntry } from './entry.ts'
import type { EntryFilter, JournalStore } from './journal-store.ts'

/**
 * Every entry after an offset, in order and without gaps, and then those to come, until the signal aborts. Woken by hints;
 * polls each second as well, so a lost hint delays an entry and never loses it.
 */
export async function* follow(
  store: JournalStore,
  after: number,
  signal: AbortSignal,
  filter?: EntryFilter,
): AsyncGenerator<SequencedEntry> {
  let offset = after
  let hinted = Promise.withResolvers<void>()
  const wake = () => hinted.resolve()
  const stopListening = store.onAppended(wake)
  signal.addEventListener('abort', wake, { once: true })
  try {
    while (!signal.aborted) {
      // Renewed before reading: a hint that comes during the read must not be missed.
      hinted = Promise.withResolvers<void>()
      const entries = await store.read(offset, PAGE, filter)
      for (const entry of entries) {
        if (signal.aborted) return
        yield entry
        offset = entry.offset
      }
      if (entries.length < PAGE && !signal.aborted) await hintedOrDue(hinted.promise)
    }
  } finally {
    stopListening()
    signal.removeEventListener('abort', wake)
  }
}

const PAGE = 500
const POLL = 1_000

async function hintedOrDue(hinted: Promise<void>): Promise<void> {
  const { promise: due, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, POLL)
  try {
    await Promise.race([hinted, due])
  } finally {
    clearTimeout(timer)
  }
}
