import type { Actor } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { newId, notFound } from '../kernel/index.ts'
import type { Grant } from './grant.ts'
import type { RegistryStore } from './registry-store.ts'
import { resourceEntry } from './resource-entry.ts'

/** Who may see what, kept in memory; every change goes through store and journal first. */
export class Grants {
  readonly #store: RegistryStore
  readonly #journal: Journal
  readonly #changed: (tenant: string) => void
  #grants: readonly Grant[] = []

  constructor(store: RegistryStore, journal: Journal, changed: (tenant: string) => void) {
    this.#store = store
    this.#journal = journal
    this.#changed = changed
  }

  async load(): Promise<void> {
    this.#grants = await this.#store.grants()
  }

  list(tenant: string): readonly Grant[] {
    return this.#grants.filter(grant => grant.tenant === tenant)
  }

  async add(grant: Omit<Grant, 'id' | 'tenant' | 'version'>, actor: Actor): Promise<Grant> {
    const added: Grant = { ...grant, id: newId(), tenant: actor.tenant, version: 1 }
    const { to, server, primitive, name, asTool } = added
    const facts = { to: { ...to }, server, primitive, name, as_tool: asTool }
    await this.#store.saveGrant(added, [resourceEntry(this.#journal, 'grant', 'grant.created', added, actor, facts)])
    this.#grants = [...this.#grants, added]
    this.#changed(actor.tenant)
    return added
  }

  /** Throws `NOT_FOUND`, also for a grant of another tenant. */
  async remove(id: string, actor: Actor): Promise<void> {
    const grant = this.#grants.find(each => each.tenant === actor.tenant && each.id === id)
    if (!grant) throw notFound('grant', id)
    const gone = { ...grant, version: grant.version + 1 }
    const entry = resourceEntry(this.#journal, 'grant', 'grant.removed', gone, actor, {})
    await this.#store.removeGrant(actor.tenant, id, [entry])
    this.#grants = this.#grants.filter(each => each.id !== id)
    this.#changed(actor.tenant)
  }
}
