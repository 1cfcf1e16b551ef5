import type { Actor } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { fault, isFault, newId } from '../kernel/index.ts'
import type { RegistryStore, SealedSecret } from './registry-store.ts'
import type { SecretVault } from './secrets.ts'

/** The port of a master key that can be replaced. Whatever is interrupted leaves every key that something may hang on. */
export interface MasterKeyRing {
  /** Id of the key in use. */
  readonly current: string
  /** Ids of earlier keys that are still there. */
  readonly older: readonly string[]
  /** Makes a new key and uses it from now on; the one before stays. */
  replace(): void
  /** Removes an earlier key for good. */
  forget(id: string): void
}

/** What came of a rotation. */
export interface Rotation {
  /** Id of the key that everything readable hangs on now. */
  readonly key: string
  /** How many secrets were taken over. */
  readonly rewrapped: number
  /** Secrets that cannot be read, and so hang on what they did. */
  readonly unreadable: readonly { readonly tenant: string; readonly name: string }[]
  /** Ids of earlier keys that were removed. */
  readonly forgotten: readonly string[]
}

interface RotationParts {
  readonly store: Pick<RegistryStore, 'secretsNotUnder' | 'replaceSecrets'>
  readonly vault: SecretVault
  readonly keys: MasterKeyRing
  readonly journal: Journal
  /** Whether nobody else seals secrets: then an earlier key is not needed once nothing hangs on it. */
  readonly alone: boolean
}

/** Lets another master key take over while all secrets can be read and set. */
export class SecretRotation {
  readonly #parts: RotationParts
  #underWay = false

  constructor(parts: RotationParts) {
    this.#parts = parts
  }

  /**
   * Makes a new master key, and has every secret hang on it. The earlier one stays until the next start, for what was sealed and
   * is not stored yet. Throws `ROTATION_UNDER_WAY`, `STORE_UNAVAILABLE`.
   */
  rotate(actor: Actor): Promise<Rotation> {
    return this.#alone(async () => {
      const { keys, journal } = this.#parts
      const from = keys.current
      keys.replace()
      await journal.append({
        tenant: actor.tenant,
        stream: `master-key:${keys.current}`,
        seq: 0,
        type: 'server.master_key_replaced',
        principal: actor.principal,
        correlationId: actor.correlationId,
        data: { from, to: keys.current },
      })
      return this.#takeOver(actor, [])
    })
  }

  /**
   * For the start, when nothing sealed is on its way to the store: takes over what a rotation left, and removes earlier keys that
   * nothing hangs on any more. Null when there is nothing to do. Throws as {@link rotate}.
   */
  async finish(actor: Actor): Promise<Rotation | null> {
    const { keys, alone } = this.#parts
    return keys.older.length === 0 ? null : this.#alone(() => this.#takeOver(actor, alone ? keys.older : []))
  }

  async #alone(work: () => Promise<Rotation>): Promise<Rotation> {
    if (this.#underWay) throw fault('ROTATION_UNDER_WAY')
    this.#underWay = true
    try {
      return await work()
    } finally {
      this.#underWay = false
    }
  }

  async #takeOver(actor: Actor, spare: readonly string[]): Promise<Rotation> {
    const { store, vault, keys } = this.#parts
    const unreadable: SealedSecret[] = []
    let rewrapped = 0
    let after: SealedSecret | null = null
    for (;;) {
      const page: SealedSecret[] = await store.secretsNotUnder(keys.current, after, PAGE)
      const last = page.at(-1)
      if (!last) break
      after = last
      const changes = page.flatMap(before => {
        const taken = rewrap(vault, before)
        if (!taken) unreadable.push(before)
        return taken ? [{ before, after: taken }] : []
      })
      rewrapped += changes.length
      if (changes.length > 0) await store.replaceSecrets(changes, [this.#line(actor, changes.length)])
    }
    const needed = new Set(unreadable.map(({ keyId }) => keyId))
    const forgotten = spare.filter(id => !needed.has(id))
    for (const id of forgotten) keys.forget(id)
    return {
      key: keys.current,
      rewrapped,
      unreadable: unreadable.map(({ tenant, name }) => ({ tenant, name })),
      forgotten,
    }
  }

  #line(actor: Actor, count: number) {
    return this.#parts.journal.seal({
      tenant: actor.tenant,
      stream: `rewrapping:${newId()}`,
      seq: 0,
      type: 'server.secrets_rewrapped',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { count, key: this.#parts.keys.current },
    })
  }
}

const PAGE = 100

function rewrap(vault: SecretVault, sealed: SealedSecret): SealedSecret | null {
  try {
    return vault.rewrap(sealed)
  } catch (error) {
    if (isFault(error, 'SECRET_UNREADABLE')) return null
    throw error
  }
}
