import type { SequencedEntry } from './entry.ts'
import { hintedOrDue } from './hinted-or-due.ts'
import { insist } from './insist.ts'
import type { EntryFilter, JournalStore } from './journal-store.ts'

/**
 * Every entry after an offset, or after the newest there is now, in order and without gaps, and then those to come, until the signal aborts. Woken by hints;
 * polls each second as well, so a lost hint delays an entry and never loses it. Waits while the store cannot be used, and goes on
 * where it was.
 */
export async function* follow(
  store: JournalStore,
  after: number | 'now',
  signal: AbortSignal,
  filter?: EntryFilter,
): AsyncGenerator<SequencedEntry> {
  for await (const entries of followInPages(store, after, signal, filter)) {
    for (const entry of entries) {
      if (signal.aborted) return
      yield entry
    }
  }
}

/** As {@link follow}, as many at a time as there are: for readers to whom a turn of the event loop for each is too much. */
export async function* followInPages(
  store: JournalStore,
  after: number | 'now',
  signal: AbortSignal,
  filter?: EntryFilter,
): AsyncGenerator<readonly SequencedEntry[]> {
  let offset = after === 'now' ? ((await insist(() => store.head(), signal)) ?? 0) : after
  let hinted = Promise.withResolvers<void>()
  const wake = () => hinted.resolve()
  const stopListening = store.onAppended(wake)
  signal.addEventListener('abort', wake, { once: true })
  try {
    while (!signal.aborted) {
      // Renewed before reading: a hint that comes during the read must not be missed.
      hinted = Promise.withResolvers<void>()
      const from = offset
      const entries = (await insist(() => store.read(from, PAGE, filter), signal)) ?? []
      if (entries.length > 0 && !signal.aborted) yield entries
      offset = entries.at(-1)?.offset ?? offset
      if (entries.length < PAGE && !signal.aborted) await hintedOrDue(hinted.promise, POLL)
    }
  } finally {
    stopListening()
    signal.removeEventListener('abort', wake)
  }
}

const PAGE = 500
const POLL = 1_000
