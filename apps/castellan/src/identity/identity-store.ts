import type { Entry } from '../journal/index.ts'
import type { Key, Principal, Tenant } from './principal.ts'

/**
 * The port behind tenants, principals and keys. Saving also appends the given entries, all in one transaction.
 * Saving throws `NAME_TAKEN`, `VERSION_CONFLICT` (unless the stored version is one less than the given one, or the thing
 * is new and the version 1), or `STORE_UNAVAILABLE`. Every adapter passes `identity-store.testsuite.ts`.
 */
export interface IdentityStore {
  /**
   * Stays the same as long as all of this store's answers do, and never comes back. Null while a change is under way, and for
   * good where others may write as well: then every question has to be asked anew.
   */
  edition(): number | null

  tenants(): Promise<Tenant[]>
  tenant(id: string): Promise<Tenant | undefined>
  saveTenant(tenant: Tenant, entries: readonly Entry[]): Promise<void>

  /** Principals that belong to a tenant. */
  principals(tenant: string): Promise<Principal[]>
  principal(id: string): Promise<Principal | undefined>
  principalByExternal(issuer: string, subject: string): Promise<Principal | undefined>
  savePrincipal(principal: Principal, entries: readonly Entry[]): Promise<void>

  keys(tenant: string): Promise<Key[]>
  key(id: string): Promise<Key | undefined>
  /** Creates a key, or overwrites its revocation. */
  saveKey(key: Key, entries: readonly Entry[]): Promise<void>
}
