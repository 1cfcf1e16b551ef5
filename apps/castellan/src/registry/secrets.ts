import { fault } from '../kernel/index.ts'
import { KEPT } from './authorization/kept.ts'
import type { SealedSecret } from './registry-store.ts'
import type { SecretSource } from './secret-source.ts'
import type { SecretRef } from './server.ts'

/**
 * The port that encrypts secrets at rest. A sealed secret opens only under the tenant and name it was sealed for.
 * Every adapter passes `secret-vault.testsuite.ts`.
 */
export interface SecretVault {
  /** Id of the master key that secrets are sealed under from now on. */
  readonly keyId: string
  seal(tenant: string, name: string, plaintext: string): SealedSecret
  /** Throws `SECRET_UNREADABLE` when it was tampered with, moved to another name or tenant, or sealed under another key. */
  open(sealed: SealedSecret): string
  /** The same secret under the current master key; the very one when it is already. Throws `SECRET_UNREADABLE`. */
  rewrap(sealed: SealedSecret): SealedSecret
  /** Equal for equal plaintexts of one tenant and name, and of no use for guessing them without the key; for change detection. */
  fingerprint(tenant: string, name: string, plaintext: string): string
}

/** Where the values behind references come from. */
export interface SecretSources {
  readonly secret: (tenant: string, name: string) => Promise<SealedSecret | undefined>
  readonly vault: Pick<SecretVault, 'open'>
  /** Places where others keep them; one that is not set up has nothing. */
  readonly places: Readonly<Partial<Record<'env' | 'file' | 'vault', Pick<SecretSource, 'read'>>>>
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
    const value = await behind(tenant, ref, sources)
    sources.masker.learn(value)
    values.push([key, value])
  }
  return Object.fromEntries(values)
}

function behind(tenant: string, ref: SecretRef, sources: SecretSources): Promise<string> {
  if ('env' in ref) return fromPlace('env', tenant, ref.env, sources)
  if ('file' in ref) return fromPlace('file', tenant, ref.file, sources)
  if ('vault' in ref) return fromPlace('vault', tenant, `${ref.vault}#${ref.field}`, sources)
  return fromStore(tenant, ref.secret, sources)
}

async function fromPlace(
  place: keyof SecretSources['places'],
  tenant: string,
  name: string,
  { places }: SecretSources,
): Promise<string> {
  const source = places[place]
  if (source) return source.read(tenant, name)
  const setting = { env: 'env', file: 'secrets.files', vault: 'secrets.vault.url' }[place]
  throw fault('SECRET_UNREADABLE', { name, why: `there is no place for it; set ${setting} and restart` })
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
