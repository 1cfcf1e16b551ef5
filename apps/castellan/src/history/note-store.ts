import type { Note, Shelf } from './note.ts'

/** Of which notes of a shelf; null for any. */
export interface NoteFilter {
  readonly session: string | null
  readonly tag: string | null
  /** RFC 3339; notes of that time and later. */
  readonly since: string | null
}

/** A word in a note. */
export interface Occurrence {
  readonly note: string
  readonly word: string
  /** How often it is there. */
  readonly times: number
  /** Words of the note. */
  readonly length: number
}

/** The port for notes and the words in them. Every adapter passes `note-store.testsuite.ts`. */
export interface NoteStore {
  /** Keeps a note, with how often each word is in it. Throws `STORE_UNAVAILABLE`, as do all. */
  add(shelf: Shelf, note: Note, words: ReadonlyMap<string, number>): Promise<void>
  /** Newest first, from before the note with an id; from the newest when that is null. */
  notes(shelf: Shelf, filter: NoteFilter, before: string | null, limit: number): Promise<Note[]>
  /** Those of the ids that are there, in no order. */
  named(shelf: Shelf, ids: readonly string[]): Promise<Note[]>
  /** Where words are, in notes of a session; of any when that is null. */
  occurrences(shelf: Shelf, words: readonly string[], session: string | null): Promise<Occurrence[]>
  /** How many notes there are, and words in all of them. */
  extent(shelf: Shelf): Promise<{ readonly notes: number; readonly words: number }>
  /** Throws `NOT_FOUND`. */
  remove(shelf: Shelf, id: string): Promise<void>
}
