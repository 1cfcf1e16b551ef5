import { fault } from '../kernel/index.ts'
import type { Identity, Role, Scope } from './principal.ts'
import { DEFAULT_TENANT } from './tenants.ts'

export interface Access {
  readonly scope: Scope
  /** One of these roles in the tenant; absent means everybody. */
  readonly roles?: readonly Role[]
}

/** Throws `FORBIDDEN` unless the credentials have the scope and their principal one of the roles. */
export function requireAccess(identity: Identity, access: Access): void {
  const { scope, roles } = access
  if (!identity.scopes.includes(scope)) throw fault('FORBIDDEN', { needs: `the scope ${scope}` })
  if (roles && !roles.some(role => identity.roles.includes(role))) {
    throw fault('FORBIDDEN', { needs: `the role ${roles.join(' or ')}` })
  }
}

/** Throws `FORBIDDEN` unless the identity administers the installation: tenants, guests and external identities. */
export function requireInstallationAdmin(identity: Identity): void {
  requireAccess(identity, { scope: 'admin', roles: ['admin'] })
  if (identity.tenant !== DEFAULT_TENANT)
    throw fault('FORBIDDEN', { needs: `the role admin in the tenant ${DEFAULT_TENANT}` })
}
