import type { Access } from '../../identity/index.ts'

// Who may do what. A key has scopes, its principal has roles, and both must allow it.

/** Have something done. */
export const use: Access = { scope: 'mcp' }
/** See what was granted to oneself. */
export const see: Access = { scope: 'read' }
/** See what there is, though not how it is guarded. */
export const survey: Access = { scope: 'read', roles: ['admin', 'auditor', 'operator'] }
/** See everything: grants, rules, principals, calls and the journal. */
export const look: Access = { scope: 'read', roles: ['admin', 'auditor'] }
/** Try policies on what happened. */
export const rehearse: Access = { scope: 'read', roles: ['admin', 'operator'] }
/** Change what agents can reach. */
export const write: Access = { scope: 'write', roles: ['admin'] }
/** Agree to what others want, or refuse it; with which role, the approval itself says. */
export const decide: Access = { scope: 'write' }
/** Tell others of events of one's own. */
export const tell: Access = { scope: 'write' }
/** Change who may do what. */
export const administer: Access = { scope: 'admin', roles: ['admin'] }
