import { isFault, newId } from '../kernel/index.ts'
import type { Directory } from './directory.ts'
import type { Principal } from './principal.ts'
import { DEFAULT_TENANT } from './tenants.ts'

/**
 * Makes a new installation usable: the tenant `default`, the principal `admin` with every role, and a key with every scope.
 * Resolves with whether a key was made. Once the tenant has had any key it never makes another, so nobody who took the
 * administrator's rights away finds them back after a restart.
 *
 * `hand` gets the key before it is stored: a crash in between leaves a key that does not work and the next start makes
 * another, while the other order could leave a working one that nobody knows.
 */
export async function bootstrap(directory: Directory, hand: (plaintext: string) => Promise<void>): Promise<boolean> {
  const actor = { tenant: DEFAULT_TENANT, principal: 'system', correlationId: newId() }
  await directory.tenants
    .create({ id: DEFAULT_TENANT, description: 'The tenant of whoever runs this installation.' }, actor)
    .catch(unlessTaken)
  if ((await directory.keys.list(DEFAULT_TENANT)).length > 0) return false

  await directory.principals
    .create({ kind: 'user', name: 'admin', roles: ['admin', 'operator', 'auditor'] }, actor)
    .catch(unlessTaken)
  const admin = (await directory.principals.list(DEFAULT_TENANT)).find(isFirstAdmin)
  if (!admin) return false

  const { key, plaintext } = await directory.keys.prepare(DEFAULT_TENANT, {
    principal: admin.id,
    name: 'first key',
    scopes: ['mcp', 'read', 'write', 'admin'],
  })
  await hand(plaintext)
  await directory.keys.keep(key, actor)
  return true
}

function isFirstAdmin(principal: Principal): boolean {
  return principal.name === 'admin' && principal.memberships[0]?.tenant === DEFAULT_TENANT
}

// What is there already was made by an earlier start that did not get to its end, or by another node starting now.
function unlessTaken(error: unknown): void {
  if (!isFault(error, 'NAME_TAKEN') && !isFault(error, 'VERSION_CONFLICT') && !isFault(error, 'STREAM_CONFLICT'))
    throw error
}
