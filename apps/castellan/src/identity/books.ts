import type { Draft, Entry } from '../journal/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { IdentityStore } from './identity-store.ts'

/** What the use-cases of this folder work with. */
export interface Books {
  readonly store: IdentityStore
  /** Makes a journal entry that is appended together with the change it speaks of. */
  readonly journal: { seal(draft: Draft): Entry }
  readonly clock: Clock
}
