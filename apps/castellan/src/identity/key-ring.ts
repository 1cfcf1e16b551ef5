import { fault, isId, type JsonObject, notFound } from '../kernel/index.ts'
import type { Actor } from './actor.ts'
import type { Books } from './books.ts'
import { type MintedKey, mintKey } from './keys.ts'
import { displayName } from './names.ts'
import type { Key, Scope } from './principal.ts'
import { mustBeHome, type Principals } from './principals.ts'

export interface NewKey {
  readonly principal: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** RFC 3339 in the future; null or absent means until revoked. */
  readonly expiresAt?: string | null
}

/** Use-cases around API keys, journaled on the stream `key:<id>`; neither key nor hash reaches the journal. */
export class KeyRing {
  readonly #books: Books
  readonly #principals: Principals

  constructor(books: Books, principals: Principals) {
    this.#books = books
    this.#principals = principals
  }

  list(tenant: string): Promise<Key[]> {
    return this.#books.store.keys(tenant)
  }

  /**
   * Makes a key for a principal at home in the actor's tenant. Throws `NOT_FOUND` for an unknown principal, `FORBIDDEN` for a guest,
   * `REQUEST_INVALID` for a bad name, no scopes, or an expiry that is not in the future.
   */
  async create(wish: NewKey, actor: Actor): Promise<MintedKey> {
    const minted = await this.prepare(actor.tenant, wish)
    await this.keep(minted.key, actor)
    return minted
  }

  /** The first half of {@link create}: nothing is stored yet, so the key does not work yet. */
  async prepare(tenant: string, wish: NewKey): Promise<MintedKey> {
    const now = this.#books.clock.now()
    const name = displayName('key', wish.name)
    if (wish.scopes.length === 0) throw fault('REQUEST_INVALID', { why: 'a key needs at least one scope' })
    const principal = await this.#principals.get(tenant, wish.principal)
    mustBeHome(principal, tenant)
    const expiresAt = future(wish.expiresAt ?? null, now)
    return mintKey({ tenant, principal: principal.id, name, scopes: [...new Set(wish.scopes)], expiresAt }, now)
  }

  /** The second half of {@link create}. */
  async keep(key: Key, actor: Actor): Promise<void> {
    const { principal, name, scopes, expiresAt } = key
    await this.#save('key.created', key, { principal, name, scopes, expiresAt }, actor)
  }

  /** Ends a key from the next request on; revoking it again changes nothing. Throws `NOT_FOUND`. */
  async revoke(id: string, actor: Actor): Promise<Key> {
    const key = isId(id) ? await this.#books.store.key(id) : undefined
    if (!key || key.tenant !== actor.tenant) throw notFound('key', id)
    if (key.revokedAt !== null) return key
    const revoked = { ...key, revokedAt: this.#books.clock.now().toISOString() }
    await this.#save('key.revoked', revoked, { principal: key.principal, name: key.name }, actor)
    return revoked
  }

  async #save(type: 'key.created' | 'key.revoked', key: Key, data: JsonObject, actor: Actor): Promise<void> {
    const entry = this.#books.journal.seal({
      tenant: key.tenant,
      principal: actor.principal,
      correlationId: actor.correlationId,
      stream: `key:${key.id}`,
      seq: type === 'key.created' ? 0 : 1,
      type,
      data,
    })
    await this.#books.store.saveKey(key, [entry])
  }
}

function future(given: string | null, now: Date): string | null {
  if (given === null) return null
  const time = Date.parse(given)
  if (!/^\d{4}-\d{2}-\d{2}T.+(Z|[+-]\d{2}:\d{2})$/.test(given) || Number.isNaN(time)) {
    throw fault('REQUEST_INVALID', { why: 'the expiry must be a time such as 2030-01-31T12:00:00Z' })
  }
  if (time <= now.getTime()) throw fault('REQUEST_INVALID', { why: 'the expiry must be in the future' })
  return new Date(time).toISOString()
}
