import type { Entry } from '../journal/index.ts'
import type { Session } from './session.ts'

/**
 * The port behind sessions; their steps are in the journal. Saving appends the given entries in the same transaction. Every
 * adapter passes `session-store.testsuite.ts`.
 */
export interface SessionStore {
  /** Throws `VERSION_CONFLICT` unless the stored version is one less, or the session is new and its version 1; `STORE_UNAVAILABLE`. */
  save(session: Session, entries: readonly Entry[]): Promise<void>
  session(tenant: string, id: string): Promise<Session | undefined>
  /** Newest first, older than the one with id `before`, at most `limit`; of one principal, when one is given. */
  sessions(tenant: string, principal: string | null, before: string | null, limit: number): Promise<Session[]>
  /** Those of every tenant that are open. */
  open(): Promise<Session[]>
}
