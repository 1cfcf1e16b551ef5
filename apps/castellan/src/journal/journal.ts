import { canonicalize, type Clock, digestBytes, isoTime, type JsonValue, newId } from '../kernel/index.ts'
import { type Draft, type Entry, leafHash, rememberText } from './entry.ts'
import type { Blob, JournalStore } from './journal-store.ts'
import { conceal, type KnownSecrets, noKnownSecrets, redact } from './redact.ts'
import { newSalt } from './salt.ts'

/** Seals what others say into entries, and keeps what may be kept late from being lost. */
export class Journal {
  readonly store: JournalStore
  readonly #clock: Clock
  readonly #known: KnownSecrets

  constructor(store: JournalStore, clock: Clock, known: KnownSecrets = noKnownSecrets) {
    this.store = store
    this.#clock = clock
    this.#known = known
  }

  /** Redacts, stamps and hashes; the result is ready to be appended together with whatever it speaks of. */
  seal(draft: Draft): Entry {
    const { tenant, stream, seq, type, principal, correlationId, causationId = null } = draft
    const data = redact(draft.data, this.#known)
    const at = isoTime(this.#clock.now())
    const entry = {
      id: newId(),
      tenant,
      stream,
      seq,
      type,
      at,
      principal,
      correlationId,
      causationId,
      data,
      leafHash: '',
    }
    entry.leafHash = leafHash(rememberText(entry))
    return Object.freeze(entry)
  }

  /** Seals and appends all or none. Throws `STREAM_CONFLICT` or `STORE_UNAVAILABLE`. */
  async append(...drafts: readonly Draft[]): Promise<readonly Entry[]> {
    const entries = drafts.map(draft => this.seal(draft))
    await this.store.append(entries)
    return entries
  }

  /** A value of others without the secrets we know, for whoever may be told or keep it; the very one when it holds none. */
  conceal<T>(value: T): T {
    return conceal(value, this.#known)
  }

  /** A redacted, salted blob of a JSON value, to be kept by whoever appends its digest. */
  sealBlob(tenant: string, value: JsonValue): Blob {
    const salt = newSalt()
    const bytes = Buffer.from(canonicalize(redact(value, this.#known)), 'utf8')
    return { tenant, digest: digestBytes(Buffer.concat([salt, bytes])), salt, bytes }
  }
}
