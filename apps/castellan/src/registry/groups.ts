import type { Actor } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { newId, notFound } from '../kernel/index.ts'
import type { Group } from './grant.ts'
import type { RegistryStore } from './registry-store.ts'
import { resourceEntry } from './resource-entry.ts'

/** The virtual servers, kept in memory; every change goes through store and journal first. */
export class Groups {
  readonly #store: RegistryStore
  readonly #journal: Journal
  readonly #changed: (tenant: string) => void
  #groups: readonly Group[] = []

  constructor(store: RegistryStore, journal: Journal, changed: (tenant: string) => void) {
    this.#store = store
    this.#journal = journal
    this.#changed = changed
  }

  async load(): Promise<void> {
    this.#groups = await this.#store.groups()
  }

  list(tenant: string): readonly Group[] {
    return this.#groups.filter(group => group.tenant === tenant)
  }

  /** Throws `NOT_FOUND`, also for a group of another tenant. */
  get(tenant: string, idOrName: string): Group {
    const found = this.list(tenant).find(each => each.id === idOrName || each.name === idOrName)
    if (!found) throw notFound('group', idOrName)
    return found
  }

  /** Creates the group of this name, or changes it as a whole. Throws `VERSION_CONFLICT`, `STORE_UNAVAILABLE`. */
  async put(spec: Pick<Group, 'name' | 'description' | 'members'>, actor: Actor): Promise<Group> {
    const before = this.list(actor.tenant).find(each => each.name === spec.name)
    const group: Group = {
      ...spec,
      id: before?.id ?? newId(),
      tenant: actor.tenant,
      version: (before?.version ?? 0) + 1,
    }
    const type = before ? 'group.updated' : 'group.created'
    const facts = { name: group.name, members: group.members.length }
    await this.#store.saveGroup(group, [resourceEntry(this.#journal, 'group', type, group, actor, facts)])
    this.#groups = [...this.#groups.filter(each => each.id !== group.id), group]
    this.#changed(actor.tenant)
    return group
  }

  /** Throws `NOT_FOUND`. */
  async remove(idOrName: string, actor: Actor): Promise<void> {
    const group = this.get(actor.tenant, idOrName)
    const gone = { ...group, version: group.version + 1 }
    const entry = resourceEntry(this.#journal, 'group', 'group.removed', gone, actor, { name: group.name })
    await this.#store.removeGroup(actor.tenant, group.id, [entry])
    this.#groups = this.#groups.filter(each => each.id !== group.id)
    this.#changed(actor.tenant)
  }
}
