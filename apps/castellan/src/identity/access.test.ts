import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireAccess, requireInstallationAdmin } from './access.ts'
import type { Identity } from './principal.ts'

const identity: Identity = {
  principal: { id: 'p1', kind: 'user', name: 'ada', memberships: [], external: null, version: 1 },
  tenant: 'acme',
  roles: ['auditor', 'member'],
  scopes: ['read'],
  keyId: null,
  expiresAt: null,
}

test('access needs the scope and one of the roles', () => {
  requireAccess(identity, { scope: 'read' })
  requireAccess(identity, { scope: 'read', roles: ['admin', 'auditor'] })
  assert.throws(() => requireAccess(identity, { scope: 'write' }), { code: 'FORBIDDEN', message: /the scope write/ })
  const needsAdmin = () => requireAccess(identity, { scope: 'read', roles: ['admin', 'operator'] })
  assert.throws(needsAdmin, { code: 'FORBIDDEN', message: /the role admin or operator/ })
})

test('the installation is administered from the default tenant only', () => {
  const admin: Identity = { ...identity, tenant: 'default', roles: ['admin'], scopes: ['admin'] }
  requireInstallationAdmin(admin)
  assert.throws(() => requireInstallationAdmin({ ...admin, tenant: 'acme' }), { code: 'FORBIDDEN' })
  assert.throws(() => requireInstallationAdmin({ ...admin, scopes: ['write'] }), { code: 'FORBIDDEN' })
  assert.throws(() => requireInstallationAdmin({ ...admin, roles: ['member'] }), { code: 'FORBIDDEN' })
})
