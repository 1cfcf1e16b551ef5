import { canonicalize, fault, isFault, type JsonObject, newId } from '../kernel/index.ts'
import type { Author } from './author.ts'
import type { Entry } from './entry.ts'
import type { Journal } from './journal.ts'

/** What somebody outside wants everybody to hear. */
export interface EventWish {
  /** A topic below `custom`. */
  readonly type: string
  readonly data: JsonObject
  /** Of whoever publishes, so that an event which is published twice is there once; null for a new one. */
  readonly id: string | null
  readonly causationId: string | null
}

/**
 * Writes an event of somebody else into the journal, redacted as everything in it.
 * Throws `REQUEST_TOO_LARGE`, and `NAME_TAKEN` when there is an event of this id.
 */
export async function publish(journal: Journal, wish: EventWish, author: Author): Promise<Entry> {
  const { type, data, causationId } = wish
  if (Buffer.byteLength(canonicalize(data)) > MOST_BYTES) throw fault('REQUEST_TOO_LARGE', { limit: MOST_BYTES })
  const id = wish.id ?? newId()
  const { tenant, principal, correlationId } = author
  const cause = causationId === null ? {} : { causationId }
  const draft = { tenant, stream: `event:${id}`, seq: 0, type, principal, correlationId, ...cause, data }
  try {
    const [entry] = await journal.append(draft)
    return entry!
  } catch (error) {
    if (isFault(error, 'STREAM_CONFLICT')) throw fault('NAME_TAKEN', { what: 'event', name: id }, { cause: error })
    throw error
  }
}

/** Bytes of the data of one event: those who need more put it elsewhere, and say where. */
const MOST_BYTES = 64 * 1_024
