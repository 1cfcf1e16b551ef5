import { fault } from '../kernel/index.ts'
import { KEPT } from './authorization/kept.ts'
import type { SealedSecret } from './registry-store.ts'
import type { SecretRef } from './server.ts'

/**
 * The port that encrypts secrets at rest. A sealed secret opens only under the tenant and name it was sealed for.
 * Every adapter passes `secret-vault.testsuite.ts`.
 */
export interface SecretVault {
  seal(tenant: string, name: string, plaintext: string): SealedSecret
  /** Throws `SECRET_UNREADABLE` when it was tampered with, moved to another name or tenant, or sealed under another key. */
  open(sealed: SealedSecret): string
  /** Equal for equal plaintexts of one tenant and name, and of no use for guessing them without the key; for change detection. */
  fingerprint(tenant: string, name: string, plaintext: string): string
}

/** Reads a variable for a server of a tenant; undefined when it is not set or not for this tenant. */
export type EnvironmentLookup = (name: string, tenant: string) => string | undefined

/** Where the values behind references come from. */
export interface SecretSources {
  readonly secret: (tenant: string, name: string) => Promise<SealedSecret | undefined>
  readonly vault: Pick<SecretVault, 'open'>
  readonly environment: EnvironmentLookup
  /** Learns every value, so that it is masked wherever it turns up later. */
  readonly masker: { learn(plaintext: string): void }
}

/**
 * The plaintext behind each reference, under the same keys. Throws `SECRET_UNREADABLE` naming the first that cannot be had.
 * For the moment a connection opens; keep the result nowhere else.
 */
export async function resolveSecrets(
  tenant: string,
  refs: Readonly<Record<string, SecretRef>>,
  sources: SecretSources,
): Promise<Record<string, string>> {
  const values: [string, string][] = []
  for (const [key, ref] of Object.entries(refs)) {
    const value =
      'env' in ref ? fromEnvironment(tenant, ref.env, sources) : await fromStore(tenant, ref.secret, sources)
    sources.masker.learn(value)
    values.push([key, value])
  }
  return Object.fromEntries(values)
}

function fromEnvironment(tenant: string, name: string, { environment }: SecretSources): string {
  const value = environment(name, tenant)
  if (value !== undefined) return value
  throw fault('SECRET_UNREADABLE', {
    name,
    why: 'the environment of the control plane has no such variable for this tenant; set it and restart, or store the value as a secret',
  })
}

async function fromStore(tenant: string, name: string, { secret, vault }: SecretSources): Promise<string> {
  // Whoever may set a server must not be able to send it another's tokens.
  if (name.endsWith(KEPT)) throw fault('SECRET_UNREADABLE', { name, why: 'it is the authorization of a server' })
  const sealed = await secret(tenant, name)
  if (!sealed) throw fault('SECRET_UNREADABLE', { name, why: 'it is not stored; set it again' })
  // The store is asked for exactly this one; whatever else it hands over must not be sent to a server.
  if (sealed.tenant !== tenant || sealed.name !== name)
    throw fault('SECRET_UNREADABLE', { name, why: 'the store gave another secret' })
  return vault.open(sealed)
}
