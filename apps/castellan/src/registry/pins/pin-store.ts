import type { Entry } from '../../journal/index.ts'
import type { Definitions, PinBook } from './pin.ts'

/** The port behind pins. Every adapter passes `pin-store.testsuite.ts`. Reading throws `STORE_UNAVAILABLE`. */
export interface PinStore {
  /** All books of all tenants. */
  books(): Promise<PinBook[]>
  book(tenant: string, server: string): Promise<PinBook | undefined>
  /** The definitions of a book; empty when there is none. */
  definitions(tenant: string, server: string): Promise<Definitions>
  /**
   * Saves a book with its definitions and appends the entries, all in one transaction. Throws `VERSION_CONFLICT` (unless the
   * stored version is one less, or the book is new and its version 1) or `STORE_UNAVAILABLE`.
   */
  save(book: PinBook, definitions: Definitions, entries: readonly Entry[]): Promise<void>
}
