import type * as Wire from '@castellan/contracts'
import type { Key, Principal, Tenant } from '../../../identity/index.ts'
import type { Grant, Group } from '../../../registry/index.ts'

export function wireGrant({ id, to, server, primitive, name, asTool }: Grant): Wire.Grant {
  return { id, to, server, primitive_type: primitive, name, as_tool: asTool }
}

export function wireGroup({ id, name, description, members, version }: Group): Wire.Group {
  return {
    id,
    name,
    description,
    members: members.map(({ server, names }) => ({ server, names: [...names] })),
    version,
  }
}

export function wireTenant({ id, description, suspended, version }: Tenant): Wire.Tenant {
  return { id, description, suspended, version }
}

/** As it is in one tenant; of others it belongs to nothing is said. */
export function wirePrincipal(principal: Principal, tenant: string): Wire.Principal {
  const roles = principal.memberships.find(each => each.tenant === tenant)?.roles ?? []
  return {
    id: principal.id,
    name: principal.name,
    kind: principal.kind,
    roles: [...roles],
    external: principal.external,
    version: principal.version,
  }
}

export function wireKey(key: Key): Wire.Key {
  return {
    id: key.id,
    principal: key.principal,
    name: key.name,
    scopes: [...key.scopes],
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
    created_at: key.createdAt,
  }
}
