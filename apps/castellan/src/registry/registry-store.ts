import type { Entry } from '../journal/index.ts'
import type { Catalog } from './capability.ts'
import type { Grant, Group } from './grant.ts'
import type { Health, Server } from './server.ts'

/** A secret as it is kept, bound to tenant and name. */
export interface SealedSecret {
  readonly tenant: string
  readonly name: string
  /** Of the master key that all of it hangs on. */
  readonly keyId: string
  /** The key it is encrypted under, itself encrypted; null for the master key itself. */
  readonly wrapped: Uint8Array | null
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * The port behind servers, catalogues, grants, groups and secrets. Saving and removing also append the given entries, all
 * in one transaction. Saving throws `NAME_TAKEN`, `VERSION_CONFLICT` (unless the stored version is one less than the given
 * one, or the thing is new and the version 1), or `STORE_UNAVAILABLE`. Every adapter passes `registry-store.testsuite.ts`.
 */
export interface RegistryStore {
  /** All servers of a tenant, or of every tenant, by name. */
  servers(tenant?: string): Promise<Server[]>
  /** With the secrets the server needs, in the same transaction. */
  saveServer(server: Server, secrets: readonly SealedSecret[], entries: readonly Entry[]): Promise<void>
  /** Removes the server, its catalogue and the secrets named `<server id>/…`. Removing what is gone changes nothing, and appends nothing. */
  removeServer(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  catalogs(tenant?: string): Promise<Catalog[]>
  /** Replaces the catalogue of a server. Throws `NOT_FOUND` when the server was removed meanwhile. */
  saveCatalog(tenant: string, catalog: Catalog, entries: readonly Entry[]): Promise<void>

  /** How each server was found last, by its id. */
  healths(): Promise<ReadonlyMap<string, Health>>
  /** Keeps how a server was found. Throws `NOT_FOUND` when it was removed meanwhile. */
  saveHealth(server: string, health: Health, entries: readonly Entry[]): Promise<void>

  grants(tenant?: string): Promise<Grant[]>
  saveGrant(grant: Grant, entries: readonly Entry[]): Promise<void>
  removeGrant(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  groups(tenant?: string): Promise<Group[]>
  saveGroup(group: Group, entries: readonly Entry[]): Promise<void>
  removeGroup(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  secret(tenant: string, name: string): Promise<SealedSecret | undefined>
  saveSecret(secret: SealedSecret, entries: readonly Entry[]): Promise<void>
  /** Secrets of every tenant that do not hang on this master key, by tenant and name, after another, at most `limit`. */
  secretsNotUnder(
    keyId: string,
    after: Pick<SealedSecret, 'tenant' | 'name'> | null,
    limit: number,
  ): Promise<SealedSecret[]>
  /** Replaces secrets that are still exactly as they were read; those that were set anew or removed meanwhile stay so. */
  replaceSecrets(
    changes: readonly { readonly before: SealedSecret; readonly after: SealedSecret }[],
    entries: readonly Entry[],
  ): Promise<void>
}
