import { digestJson, isFault, newId } from '../kernel/index.ts'
import type { Books } from './books.ts'
import { isDisplayName, isTenantId } from './names.ts'
import type { Principal, Role, Scope } from './principal.ts'
import { Principals } from './principals.ts'
import { DEFAULT_TENANT } from './tenants.ts'
import type { VerifiedToken } from './token-verifier.ts'

/** How far the claims of verified tokens are followed. */
export interface TokenPolicy {
  /** Whether somebody new may come in with a good token; otherwise only principals with a known `external` identity. */
  readonly provision: boolean
  /** Whether tokens carry roles. Then the issuer decides: the roles of a request are those of its token. */
  readonly rolesClaim: string | null
  /** Whether tokens carry tenants. Then a token is good only in tenants it names. */
  readonly tenantsClaim: string | null
}

/**
 * The principal that a verified token stands for, matched by issuer and subject alone: a name or an address can be taken
 * over, and a rotated token is still the same subject. Undefined when there is none and none may be made.
 */
export async function principalOf(
  token: VerifiedToken,
  policy: TokenPolicy,
  books: Books,
): Promise<Principal | undefined> {
  const known = await books.store.principalByExternal(token.issuer, token.subject)
  if (known || !policy.provision) return known
  const [homeTenant, ...guestOf] = policy.tenantsClaim === null ? [DEFAULT_TENANT] : await knownTenants(token, books)
  if (homeTenant === undefined) return undefined

  const actor = { tenant: homeTenant, principal: 'system', correlationId: newId() }
  const external = { issuer: token.issuer, subject: token.subject }
  const roles: readonly Role[] = policy.rolesClaim === null ? ['member'] : ['member', ...rolesOf(token)]
  const create = (name: string) => new Principals(books).create({ kind: 'user', name, roles, external, guestOf }, actor)
  try {
    return await create(token.name !== null && isDisplayName(token.name) ? token.name : uniqueName(token))
  } catch (error) {
    if (!isFault(error, 'NAME_TAKEN')) throw error
    // Either another first request of the same subject came in meanwhile, or somebody else has the name.
    return (await books.store.principalByExternal(token.issuer, token.subject)) ?? create(uniqueName(token))
  }
}

/** The token's roles that exist here. */
export function rolesOf(token: VerifiedToken): readonly Role[] {
  return ROLES.filter(role => token.roles.includes(role))
}

/** The token's scopes that exist here; a token that carries none of ours is for calling tools and reading. */
export function scopesOf(token: VerifiedToken): readonly Scope[] {
  const carried = SCOPES.filter(scope => token.scopes.includes(scope))
  return carried.length > 0 ? carried : ['mcp', 'read']
}

const ROLES = ['admin', 'auditor', 'operator', 'member'] as const satisfies readonly Role[]
const SCOPES = ['mcp', 'read', 'write', 'admin'] as const satisfies readonly Scope[]

async function knownTenants(token: VerifiedToken, { store }: Books): Promise<string[]> {
  const tenants = await Promise.all(
    [...new Set(token.tenants)]
      .filter(isTenantId)
      .slice(0, MAX_TENANTS)
      .map(id => store.tenant(id)),
  )
  return tenants.filter(tenant => tenant !== undefined && !tenant.suspended).map(tenant => tenant!.id)
}

// A token's claims are the issuer's word and still bounded: each tenant is one look-up.
const MAX_TENANTS = 32

// Two people must never look like one in the journal, so a name that is taken is not varied but replaced.
function uniqueName({ issuer, subject }: VerifiedToken): string {
  return `oidc-${digestJson([issuer, subject]).slice('sha256:'.length, 'sha256:'.length + 16)}`
}
