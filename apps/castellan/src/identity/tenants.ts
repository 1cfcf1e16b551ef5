import { fault, notFound } from '../kernel/index.ts'
import type { Actor } from './actor.ts'
import type { Books } from './books.ts'
import { description, isTenantId, tenantId } from './names.ts'
import type { Tenant } from './principal.ts'

/** The tenant that exists from the first start; whoever administers it administers the tenants. */
export const DEFAULT_TENANT = 'default'

/** Use-cases around tenants. Every change is journaled in the tenant it is about, on the stream `tenant:<id>`. */
export class Tenants {
  readonly #books: Books

  constructor(books: Books) {
    this.#books = books
  }

  list(): Promise<Tenant[]> {
    return this.#books.store.tenants()
  }

  /** Throws `NOT_FOUND`. */
  async get(id: string): Promise<Tenant> {
    const tenant = isTenantId(id) ? await this.#books.store.tenant(id) : undefined
    if (!tenant) throw notFound('tenant', id)
    return tenant
  }

  /** Throws `REQUEST_INVALID` or `NAME_TAKEN`. */
  async create(wish: { readonly id: string; readonly description?: string }, actor: Actor): Promise<Tenant> {
    const id = tenantId(wish.id)
    if (await this.#books.store.tenant(id)) throw fault('NAME_TAKEN', { what: 'tenant', name: id })
    const tenant = { id, description: description(wish.description ?? ''), suspended: false, version: 1 }
    return this.#save('tenant.created', tenant, actor)
  }

  /** Changes the description. Throws `NOT_FOUND`, `REQUEST_INVALID` or `VERSION_CONFLICT`. */
  async describe(id: string, text: string, actor: Actor): Promise<Tenant> {
    const tenant = await this.get(id)
    if (tenant.description === text) return tenant
    return this.#save('tenant.updated', next(tenant, { description: description(text) }), actor)
  }

  /** Stops everything the tenant does, from the next request on. Throws `NOT_FOUND`, `REQUEST_INVALID` for the default tenant. */
  async suspend(id: string, actor: Actor): Promise<Tenant> {
    if (id === DEFAULT_TENANT) {
      // Nobody could resume it: the people who may do so act in it.
      throw fault('REQUEST_INVALID', { why: `the tenant "${DEFAULT_TENANT}" cannot be suspended` })
    }
    const tenant = await this.get(id)
    return tenant.suspended ? tenant : this.#save('tenant.suspended', next(tenant, { suspended: true }), actor)
  }

  /** Throws `NOT_FOUND` or `VERSION_CONFLICT`. */
  async resume(id: string, actor: Actor): Promise<Tenant> {
    const tenant = await this.get(id)
    return tenant.suspended ? this.#save('tenant.resumed', next(tenant, { suspended: false }), actor) : tenant
  }

  async #save(type: string, tenant: Tenant, actor: Actor): Promise<Tenant> {
    const entry = this.#books.journal.seal({
      tenant: tenant.id,
      principal: actor.principal,
      correlationId: actor.correlationId,
      stream: `tenant:${tenant.id}`,
      seq: tenant.version - 1,
      type,
      data: { description: tenant.description, suspended: tenant.suspended },
    })
    await this.#books.store.saveTenant(tenant, [entry])
    return tenant
  }
}

function next(tenant: Tenant, change: Partial<Pick<Tenant, 'description' | 'suspended'>>): Tenant {
  return { ...tenant, ...change, version: tenant.version + 1 }
}
