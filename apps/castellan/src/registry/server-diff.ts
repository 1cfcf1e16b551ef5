import { canonicalize, isFault } from '../kernel/index.ts'
import type { SealedSecret } from './registry-store.ts'
import type { SecretVault } from './secrets.ts'
import type { Server } from './server.ts'
import { anywherePublic } from './egress.ts'
import { serverDefaults } from './server-spec.ts'

/**
 * Names of the settings in which two versions of a server differ; never their values. A secret that was handed in again
 * differs only when its value does.
 */
export async function serverDifferences(
  before: Server,
  after: Server,
  secrets: readonly SealedSecret[],
  stored: (name: string) => Promise<SealedSecret | undefined>,
  vault: SecretVault,
): Promise<readonly string[]> {
  const old = settingsOf(before)
  const now = settingsOf(after)
  const changed = new Set<string>()
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (canonicalize(old[name] ?? null) !== canonicalize(now[name] ?? null)) changed.add(name)
  }
  for (const secret of secrets) {
    const known = await stored(secret.name)
    if (!known || !sameValue(known, secret, vault)) changed.add(settingOf(secret.name))
  }
  return [...changed].toSorted()
}

function settingsOf(server: Server): Readonly<Record<string, unknown>> {
  const { description, connection, timeouts, trusted, tools, maxConcurrent, probeEvery, maxAttempts } = server
  const { pinning = serverDefaults.pinning, perClient = serverDefaults.perClient } = server
  // What nobody has said and what was said to be as usual are the same.
  const known = 'headers' in connection ? { ...connection, egress: connection.egress ?? anywherePublic } : connection
  const settings = { timeouts, trusted, tools, pinning, perClient, maxConcurrent, probeEvery, maxAttempts }
  return { ...known, description, ...settings }
}

/** A secret is named `<server id>/<setting>/<key>`. */
function settingOf(secret: string): string {
  return secret.split('/')[1]!
}

function sameValue(known: SealedSecret, given: SealedSecret, vault: SecretVault): boolean {
  const print = (secret: SealedSecret) => vault.fingerprint(secret.tenant, secret.name, vault.open(secret))
  try {
    return print(known) === print(given)
  } catch (error) {
    // One that can no longer be read is mended by the value that was given.
    if (isFault(error, 'SECRET_UNREADABLE')) return false
    throw error
  }
}
