import { fault, isId, newId, notFound } from '../kernel/index.ts'
import type { Actor } from './actor.ts'
import type { Books } from './books.ts'
import { displayName } from './names.ts'
import type { Principal, PrincipalKind, Role } from './principal.ts'
import { DEFAULT_TENANT } from './tenants.ts'

export interface PrincipalWish {
  readonly kind: PrincipalKind
  readonly name: string
  readonly roles: readonly Role[]
  readonly external?: Principal['external']
  /** Further tenants it belongs to from the start, with the same roles. */
  readonly guestOf?: readonly string[]
}

/**
 * Use-cases around principals, in the tenant the actor names; journaled in the principal's home tenant on the stream
 * `principal:<id>`. The home tenant is the one it was created in: it owns name and keys, and never changes.
 */
export class Principals {
  readonly #books: Books

  constructor(books: Books) {
    this.#books = books
  }

  /** Everybody who belongs to a tenant, guests from other tenants included. */
  list(tenant: string): Promise<Principal[]> {
    return this.#books.store.principals(tenant)
  }

  /** Throws `NOT_FOUND`, also for a principal that exists and does not belong to the tenant. */
  async get(tenant: string, id: string): Promise<Principal> {
    // What is no id is not asked for: stores may choke on it.
    const principal = isId(id) ? await this.#books.store.principal(id) : undefined
    if (!principal || !rolesIn(principal, tenant)) throw notFound('principal', id)
    return principal
  }

  /** Throws `NOT_FOUND` for the tenant, `REQUEST_INVALID`, or `NAME_TAKEN` for a name or an external identity in use. */
  async create(wish: PrincipalWish, actor: Actor): Promise<Principal> {
    const { store } = this.#books
    const name = displayName('principal', wish.name)
    if (!(await store.tenant(actor.tenant))) throw notFound('tenant', actor.tenant)
    const external = wish.external ?? null
    if (external && (await store.principalByExternal(external.issuer, external.subject))) {
      throw fault('NAME_TAKEN', { what: 'external identity', name: external.subject })
    }
    const roles = distinct(wish.roles)
    const memberships = [...new Set([actor.tenant, ...(wish.guestOf ?? [])])].map(tenant => ({ tenant, roles }))
    const principal = { id: newId(), kind: wish.kind, name, memberships, external, version: 1 }
    return this.#save('principal.created', principal, actor)
  }

  /** Throws `NOT_FOUND`, `REQUEST_INVALID`, `NAME_TAKEN`, `VERSION_CONFLICT`, or `FORBIDDEN` outside of the home tenant. */
  async rename(id: string, wish: string, actor: Actor): Promise<Principal> {
    const principal = await this.get(actor.tenant, id)
    mustBeHome(principal, actor.tenant)
    const name = displayName('principal', wish)
    return name === principal.name ? principal : this.#update({ ...principal, name }, actor)
  }

  /** Sets the roles in this one tenant. Throws `NOT_FOUND`, `VERSION_CONFLICT`, or `REQUEST_INVALID` for the last administrator. */
  async setRoles(id: string, wish: readonly Role[], actor: Actor): Promise<Principal> {
    const { tenant } = actor
    const principal = await this.get(tenant, id)
    const roles = distinct(wish)
    const before = rolesIn(principal, tenant) ?? []
    if (before.length === roles.length && before.every(role => roles.includes(role))) return principal
    if (!roles.includes('admin')) await this.#mustLeaveAnAdmin(tenant, id)
    const memberships = principal.memberships.map(each => (each.tenant === tenant ? { tenant, roles } : each))
    return this.#update({ ...principal, memberships }, actor)
  }

  /**
   * Lets a principal act in one more tenant. For those who administer the tenants: it takes the
   * principal's id from anywhere. Throws `NOT_FOUND`, `VERSION_CONFLICT`, or `NAME_TAKEN` when it belongs there already.
   */
  async invite(
    id: string,
    to: { readonly tenant: string; readonly roles: readonly Role[] },
    actor: Actor,
  ): Promise<Principal> {
    const { store } = this.#books
    const principal = isId(id) ? await store.principal(id) : undefined
    if (!principal) throw notFound('principal', id)
    if (!(await store.tenant(to.tenant))) throw notFound('tenant', to.tenant)
    if (rolesIn(principal, to.tenant)) throw fault('NAME_TAKEN', { what: 'member', name: principal.name })
    const memberships = [...principal.memberships, { tenant: to.tenant, roles: distinct(to.roles) }]
    return this.#update({ ...principal, memberships }, actor)
  }

  /** Ends a guest's membership. Throws `NOT_FOUND`, `VERSION_CONFLICT`, or `REQUEST_INVALID` for the home tenant. */
  async dismiss(id: string, actor: Actor): Promise<Principal> {
    const { tenant } = actor
    const principal = await this.get(tenant, id)
    if (home(principal) === tenant) {
      throw fault('REQUEST_INVALID', {
        why: 'a principal cannot leave its home tenant; take its roles and revoke its keys',
      })
    }
    await this.#mustLeaveAnAdmin(tenant, id)
    const memberships = principal.memberships.filter(each => each.tenant !== tenant)
    return this.#update({ ...principal, memberships }, actor)
  }

  /** Without one there is nobody left who could give the role back. */
  async #mustLeaveAnAdmin(tenant: string, without: string): Promise<void> {
    if (tenant !== DEFAULT_TENANT) return
    const others = (await this.list(tenant)).filter(each => each.id !== without)
    if (others.some(each => rolesIn(each, tenant)?.includes('admin'))) return
    throw fault('REQUEST_INVALID', {
      why: `the tenant "${DEFAULT_TENANT}" must keep at least one principal with the role admin`,
    })
  }

  #update(changed: Principal, actor: Actor): Promise<Principal> {
    return this.#save('principal.updated', { ...changed, version: changed.version + 1 }, actor)
  }

  async #save(type: string, principal: Principal, actor: Actor): Promise<Principal> {
    const { kind, name, external } = principal
    const entry = this.#books.journal.seal({
      tenant: home(principal),
      principal: actor.principal,
      correlationId: actor.correlationId,
      stream: `principal:${principal.id}`,
      seq: principal.version - 1,
      type,
      data: {
        kind,
        name,
        memberships: principal.memberships.map(({ tenant, roles }) => ({ tenant, roles })),
        external: external && { issuer: external.issuer, subject: external.subject },
      },
    })
    await this.#books.store.savePrincipal(principal, [entry])
    return principal
  }
}

/** The tenant that owns a principal. */
export function home(principal: Principal): string {
  const [first] = principal.memberships
  if (!first) throw new Error(`principal ${principal.id} belongs nowhere`)
  return first.tenant
}

/** The roles a principal has in a tenant; undefined when it does not belong there. */
export function rolesIn(principal: Principal, tenant: string): readonly Role[] | undefined {
  return principal.memberships.find(each => each.tenant === tenant)?.roles
}

/** Throws `FORBIDDEN`: otherwise the administrator of one tenant could take over a guest and act wherever the guest belongs. */
export function mustBeHome(principal: Principal, tenant: string): void {
  if (home(principal) !== tenant) throw fault('FORBIDDEN', { needs: "the role admin in the principal's home tenant" })
}

function distinct(roles: readonly Role[]): readonly Role[] {
  return [...new Set(roles)]
}
