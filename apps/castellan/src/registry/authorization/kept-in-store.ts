import type { Actor } from '../../identity/index.ts'
import { isFault, type JsonObject, newId } from '../../kernel/index.ts'
import type { Server } from '../server.ts'
import type { AuthorizationParts } from './authorization-parts.ts'
import { type Kept, keptName, nothingKept, readKept } from './kept.ts'

/** What the journal says of a change. */
export type Told = readonly [type: string, by: Pick<Actor, 'principal' | 'correlationId'>, data: JsonObject]

type Parts = Pick<AuthorizationParts, 'store' | 'vault' | 'journal' | 'masker' | 'server'>

/** The authorization of one server as it is in memory, and sealed in the store. */
export class KeptInStore {
  readonly #server: () => Server
  readonly #settings: string
  readonly #parts: Parts
  #present: Kept
  #isUnreadable = false
  /** Whether there is anything of it in the store. */
  #isStored = false
  #loading: Promise<void> | null = null
  /** Changes so far, and the end of the last of them. */
  #changes = 0
  #changing: Promise<unknown> = Promise.resolve()
  /** Tokens that texts may still speak of, the oldest first. */
  readonly #masked: string[] = []

  constructor(server: () => Server, settings: string, parts: Parts) {
    this.#server = server
    this.#settings = settings
    this.#parts = parts
    this.#present = nothingKept(settings)
  }

  get present(): Kept {
    return this.#present
  }

  /** Whether there is something in the store that only another key would open. */
  get isUnreadable(): boolean {
    return this.#isUnreadable
  }

  /** Reads it for the first time. Throws `STORE_UNAVAILABLE`. */
  load(): Promise<void> {
    this.#loading ??= this.readAgain().catch((error: unknown) => {
      this.#loading = null
      throw error
    })
    return this.#loading
  }

  /** Reads what another node may have changed; a change of our own that is not written yet is newer. Throws as {@link load}. */
  async readAgain(): Promise<void> {
    const { store, vault } = this.#parts
    const { tenant, id } = this.#server()
    const changes = this.#changes
    await this.#changing
    const sealed = await store.secret(tenant, keptName(id))
    if (sealed === undefined || changes !== this.#changes) return
    this.#isStored = true
    try {
      this.#present = readKept(vault.open(sealed), this.#settings)
      this.#mask()
    } catch (error) {
      if (!isFault(error, 'SECRET_UNREADABLE')) throw error
      this.#isUnreadable = true
    }
  }

  /**
   * Holds from now on, and is stored with the entry that tells of it; of a server that is not stored, or has nothing worth it,
   * only the entry is. Throws `STORE_UNAVAILABLE`.
   */
  change(change: Partial<Kept>, told?: Told): Promise<void> {
    this.#changes++
    this.#present = { ...this.#present, ...change }
    this.#isUnreadable = false
    this.#mask()
    const { tokens, pending } = this.#present
    this.#isStored ||= tokens !== null || pending !== null
    const kept = this.#present
    // One after the other, so that the last is what stays.
    const changed = this.#changing.then(() => this.#store(kept, told))
    this.#changing = changed.catch(() => undefined)
    return changed
  }

  async #store(kept: Kept, told: Told | undefined): Promise<void> {
    const { store, vault, journal } = this.#parts
    const server = this.#server()
    const { tenant, id } = server
    const entries = told === undefined ? [] : [journal.seal(draftOf(server, told))]
    if (this.#isStored && this.#parts.server(id) !== undefined) {
      await store.saveSecret(vault.seal(tenant, keptName(id), JSON.stringify(kept)), entries)
    } else if (entries.length > 0) await journal.store.append(entries)
  }

  /** Masks the present tokens, and forgets those of two renewals ago: nothing speaks of them any more. */
  #mask(): void {
    const { masker } = this.#parts
    const { tokens } = this.#present
    for (const token of [tokens?.access, tokens?.refresh]) {
      if (typeof token !== 'string' || this.#masked.includes(token)) continue
      masker.learn(token)
      this.#masked.push(token)
    }
    const over = Math.max(0, this.#masked.length - MASKED)
    for (const token of this.#masked.splice(0, over)) masker.forget(token)
  }
}

/** Tokens that are kept masked: those in use and those before. */
const MASKED = 4

function draftOf({ tenant, name }: Server, [type, { principal, correlationId }, data]: Told) {
  const stream = `authorization:${newId()}`
  return { tenant, stream, seq: 0, type, principal, correlationId, data: { server: name, ...data } }
}
