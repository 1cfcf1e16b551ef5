import type { Entry, SequencedEntry } from './entry.ts'

/** Which entries a reader wants; everything given must match. */
export interface EntryFilter {
  readonly tenant?: string
  readonly stream?: string
  /** Topic pattern: `*` stands for one level, a final `>` for one or more. */
  readonly topic?: string
  readonly principal?: string
  readonly correlationId?: string
}

/** Whether somebody waits for a write. What is to be written `soon` may be held back for a few milliseconds, to go with others. */
export type Haste = 'now' | 'soon'

/** The port of the append-only log. Every adapter passes `journal-store.testsuite.ts`. */
export interface JournalStore {
  /**
   * Appends all entries or none. Resolves when they are on disk.
   * Throws `STREAM_CONFLICT` when a place in a stream is taken or would leave a gap, `STORE_UNAVAILABLE` when they could
   * not be written. To append the very same entries once more changes nothing, so a writer left in doubt may repeat; that
   * holds for every change of another store that comes with entries, too.
   */
  append(entries: readonly Entry[], haste?: Haste): Promise<void>
  /** Sequenced entries after an offset (0 for the start), in offset order; at most `limit`. */
  read(after: number, limit: number, filter?: EntryFilter): Promise<SequencedEntry[]>
  /** Those of a tenant at these offsets, in offset order; what is not there is left out. */
  readAt(tenant: string, offsets: readonly number[]): Promise<SequencedEntry[]>
  /** The entries of one stream, in order, whether sequenced yet or not; all, or at most `limit` after a place in it. */
  readStream(tenant: string, stream: string, after?: number, limit?: number): Promise<Entry[]>
  /** The offset of the newest sequenced entry, 0 when there is none. */
  head(): Promise<number>
  /** Calls back soon after entries were sequenced. A hint: may be late, merged or lost, so readers poll as well. */
  onAppended(wake: () => void): () => void

  /** The offset a named reader has dealt with, 0 when it is new. */
  cursor(name: string): Promise<number>
  /** Moves a named reader forward. Throws `VERSION_CONFLICT` when another instance of it moved it from `from` first. */
  moveCursor(name: string, from: number, to: number): Promise<void>

  /** Keeps bytes under their digest with its salt; keeping the same blob again changes nothing. */
  putBlob(blob: Blob): Promise<void>
  /** The blob, or undefined when it was never kept or has been erased. */
  blob(tenant: string, digest: string): Promise<Blob | undefined>
  /** Forgets the bytes; the journal, which only holds the digest, stays whole. */
  eraseBlob(tenant: string, digest: string): Promise<void>
}

/** Bytes too large or too sensitive for the journal. The salt makes the digest of guessable content useless. */
export interface Blob {
  readonly tenant: string
  /** SHA-256 over salt and bytes, `sha256:` and hex. */
  readonly digest: string
  readonly salt: Uint8Array
  readonly bytes: Uint8Array
}
