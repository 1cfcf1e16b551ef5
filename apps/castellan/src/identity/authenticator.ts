import { fault } from '../kernel/index.ts'
import type { Books } from './books.ts'
import { looksLikeKey, parseKey, provesKey } from './keys.ts'
import type { Identity, Principal, Role, Scope } from './principal.ts'
import { home, rolesIn } from './principals.ts'
import { principalOf, rolesOf, scopesOf, type TokenPolicy } from './token-principal.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** What a request presents, as it came. */
export interface Presented {
  /** The `Authorization` header. */
  readonly authorization: string | undefined
  /** The `X-Tenant-ID` header. */
  readonly tenant: string | undefined
}

/** What a request needs to prove itself with tokens of an OIDC issuer. */
export interface Tokens extends TokenPolicy {
  readonly verifier: TokenVerifier
}

/**
 * Turns credentials into an {@link Identity}. It looks everything up each time: a revoked key, a suspended tenant and a
 * role taken away count from the next request on, on every node.
 */
export class Authenticator {
  readonly #books: Books
  readonly #tokens: Tokens | null

  constructor(books: Books, tokens: Tokens | null) {
    this.#books = books
    this.#tokens = tokens
  }

  /**
   * Throws `UNAUTHENTICATED` whatever is wrong with the credentials or the tenant, with one and the same message; its
   * `cause` says why, for our own log. Throws `UPSTREAM_UNREACHABLE` when the issuer's keys cannot be had, and
   * `STORE_UNAVAILABLE`.
   */
  async authenticate(presented: Presented, signal: AbortSignal): Promise<Identity> {
    const bearer = bearerOf(presented.authorization)
    const proof = looksLikeKey(bearer) ? await this.#byKey(bearer) : await this.#byToken(bearer, signal)
    return this.#enter(proof, presented.tenant ?? proof.tenant)
  }

  async #byKey(bearer: string): Promise<Proof> {
    const { store, clock } = this.#books
    const claimed = parseKey(bearer)
    if (!claimed) throw refused('the key is malformed')
    const key = await store.key(claimed.id)
    if (!key || !provesKey(bearer, key)) throw refused('there is no such key')
    if (key.revokedAt !== null) throw refused(`the key ${key.id} is revoked`)
    if (key.expiresAt !== null && Date.parse(key.expiresAt) <= clock.now().getTime())
      throw refused(`the key ${key.id} has expired`)
    const [principal, tenant] = await Promise.all([store.principal(key.principal), store.tenant(key.tenant)])
    if (!principal) throw refused(`the key ${key.id} belongs to nobody`)
    // Also when it is used for another tenant: what a suspended tenant handed out does nothing at all.
    if (!tenant || tenant.suspended) throw refused(`the tenant ${key.tenant} of the key is suspended`)
    const { scopes, expiresAt } = key
    return { principal, tenant: key.tenant, scopes, expiresAt, keyId: key.id, roles: null, onlyIn: null }
  }

  async #byToken(bearer: string, signal: AbortSignal): Promise<Proof> {
    if (!this.#tokens) throw refused('it is not a key, and no issuer is configured')
    if (!JWT.test(bearer)) throw refused('it is neither a key nor a token')
    const token = await this.#tokens.verifier.verify(bearer, signal)
    const principal = await principalOf(token, this.#tokens, this.#books)
    if (!principal) throw refused('the subject of the token is not known here')
    const onlyIn = this.#tokens.tenantsClaim === null ? null : token.tenants
    const belongs = principal.memberships.find(each => onlyIn?.includes(each.tenant) ?? true)
    return {
      principal,
      tenant: belongs?.tenant ?? home(principal),
      scopes: scopesOf(token),
      expiresAt: token.expiresAt,
      keyId: null,
      roles: this.#tokens.rolesClaim === null ? null : rolesOf(token),
      onlyIn,
    }
  }

  async #enter(proof: Proof, tenantId: string): Promise<Identity> {
    const { principal, scopes, keyId, expiresAt } = proof
    const stored = rolesIn(principal, tenantId)
    if (!stored) throw refused(`the principal ${principal.id} does not belong to the tenant asked for`)
    if (proof.onlyIn && !proof.onlyIn.includes(tenantId)) throw refused('the token is not for the tenant asked for')
    const tenant = await this.#books.store.tenant(tenantId)
    if (!tenant || tenant.suspended) throw refused(`the tenant ${tenantId} is suspended`)
    const roles = [...new Set<Role>([...(proof.roles ?? stored), 'member'])]
    return { principal, tenant: tenantId, roles, scopes, keyId, expiresAt }
  }
}

/** Proven credentials, before a tenant is chosen. */
interface Proof {
  readonly principal: Principal
  /** Where it acts unless it asks for another. */
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: string | null
  readonly keyId: string | null
  /** Roles that replace the stored ones. */
  readonly roles: readonly Role[] | null
  /** Tenants beyond which it is not good, whatever its principal belongs to. */
  readonly onlyIn: readonly string[] | null
}

// Source: RFC 6750 section 2.1 (b64token), scheme in any case as RFC 9110 section 11.1 has it.
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const MAX_LENGTH = 16_384

function bearerOf(header: string | undefined): string {
  if (header === undefined) throw refused('nothing was presented')
  if (header.length > MAX_LENGTH) throw refused('the header is too long')
  const match = BEARER.exec(header)
  if (!match) throw refused('it is not a bearer credential')
  return match[1]!
}

function refused(why: string) {
  return fault('UNAUTHENTICATED', {}, { cause: new Error(why) })
}
