import { deepFreeze, digestBytes, fault, Recent } from '../kernel/index.ts'
import type { Books } from './books.ts'
import { looksLikeKey, parseKey, provesKey } from './keys.ts'
import type { Identity, Principal, Role, Scope } from './principal.ts'
import { home, rolesIn } from './principals.ts'
import { principalOf, rolesOf, scopesOf, type TokenPolicy } from './token-principal.ts'
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts'

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
 * Turns credentials into an {@link Identity}. A revoked key, a suspended tenant and a role taken away count from the next
 * request on, on every node: what was found out is remembered only for as long as the store says that nothing changed.
 *
 * Credentials are remembered by their digest, and only once they were proven. How long it takes to find a digest tells
 * nothing about the credentials of others, since nobody can choose what digest a guess has.
 */
export class Authenticator {
  readonly #books: Books
  readonly #tokens: Tokens | null
  readonly #known = new Recent<string, Known>(REMEMBERED)
  readonly #verified = new Recent<string, Verified>(REMEMBERED)

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
    const known = this.recognise(presented)
    if (known) return known
    const { store } = this.#books
    const edition = store.edition()
    const bearer = bearerOf(presented.authorization)
    const proof = looksLikeKey(bearer) ? await this.#byKey(bearer) : await this.#byToken(bearer, signal)
    const identity = await this.#enter(proof, presented.tenant ?? proof.tenant)
    if (edition !== null && store.edition() === edition) {
      const expires = identity.expiresAt === null ? Infinity : Date.parse(identity.expiresAt)
      this.#known.set(nameOf(presented)!, { identity, edition, expires, until: proof.until })
    }
    return identity
  }

  /** The identity these very credentials have given before, when nothing can have changed since; undefined says nothing. */
  recognise(presented: Presented): Identity | undefined {
    const { store, clock } = this.#books
    const edition = store.edition()
    const name = edition === null ? undefined : nameOf(presented)
    const known = name === undefined ? undefined : this.#known.get(name)
    if (!known || known.edition !== edition) return undefined
    return known.expires > clock.now().getTime() && known.until > clock.monotonic() ? known.identity : undefined
  }

  /**
   * Somebody as they may act now, for work they began earlier: still a principal of the tenant, by a key that is still good, with no
   * more roles than they have by now. Of whoever came with a token nobody can say what their issuer thinks of them today; they keep the
   * roles they had. Throws `UNAUTHENTICATED`.
   */
  async actingFor(
    tenant: string,
    by: {
      readonly principal: string
      readonly scopes: readonly Scope[]
      readonly key: string | null
      readonly roles: readonly Role[]
    },
  ): Promise<Identity> {
    const { store, clock } = this.#books
    const [principal, key] = await Promise.all([
      store.principal(by.principal),
      by.key === null ? undefined : store.key(by.key),
    ])
    if (!principal) throw refused(`the principal ${by.principal} is gone`)
    if (by.key !== null && (!key || key.revokedAt !== null)) throw refused(`the key ${by.key} is revoked`)
    if (key && key.expiresAt !== null && Date.parse(key.expiresAt) <= clock.now().getTime())
      throw refused(`the key ${key.id} has expired`)
    const roles = by.key === null ? by.roles : null
    const proof = {
      principal,
      tenant,
      scopes: by.scopes,
      expiresAt: null,
      keyId: by.key,
      onlyIn: null,
      until: Infinity,
    }
    return this.#enter({ ...proof, roles }, tenant)
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
    return {
      principal,
      tenant: key.tenant,
      scopes,
      expiresAt,
      keyId: key.id,
      roles: null,
      onlyIn: null,
      until: Infinity,
    }
  }

  async #byToken(bearer: string, signal: AbortSignal): Promise<Proof> {
    if (!this.#tokens) throw refused('it is not a key, and no issuer is configured')
    if (!JWT.test(bearer)) throw refused('it is neither a key nor a token')
    const { token, until } = await this.#verify(bearer, this.#tokens.verifier, signal)
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
      until,
    }
  }

  async #verify(bearer: string, verifier: TokenVerifier, signal: AbortSignal): Promise<Verified> {
    const { clock } = this.#books
    const name = digestBytes(bearer)
    const known = this.#verified.get(name)
    if (known && known.until > clock.monotonic() && Date.parse(known.token.expiresAt) > clock.now().getTime())
      return known
    const token = await verifier.verify(bearer, signal)
    const verified = { token, until: clock.monotonic() + BELIEVED }
    this.#verified.set(name, verified)
    return verified
  }

  async #enter(proof: Proof, tenantId: string): Promise<Identity> {
    const { principal, scopes, keyId, expiresAt } = proof
    const stored = rolesIn(principal, tenantId)
    if (!stored) throw refused(`the principal ${principal.id} does not belong to the tenant asked for`)
    if (proof.onlyIn && !proof.onlyIn.includes(tenantId)) throw refused('the token is not for the tenant asked for')
    const tenant = await this.#books.store.tenant(tenantId)
    if (!tenant || tenant.suspended) throw refused(`the tenant ${tenantId} is suspended`)
    const roles = [...new Set<Role>([...(proof.roles ?? stored), 'member'])]
    return deepFreeze({ principal, tenant: tenantId, roles, scopes, keyId, expiresAt })
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
  /** When the credentials themselves have to be looked at again, in the clock's monotonic milliseconds. */
  readonly until: number
}

interface Verified {
  readonly token: VerifiedToken
  readonly until: number
}

interface Known {
  readonly identity: Identity
  readonly edition: number
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly until: number
}

/** Credentials of so many are remembered, and of some more. */
const REMEMBERED = 5_000
/** Milliseconds for which a good token stays one without a look at its signature: a key that its issuer withdrew must stop working. */
const BELIEVED = 60_000

/** What credentials are remembered by; the header as it came, since it is compared with nothing but itself. */
function nameOf({ authorization, tenant }: Presented): string | undefined {
  if (authorization === undefined || authorization.length > MAX_LENGTH) return undefined
  const digest = digestBytes(authorization)
  return tenant === undefined ? digest : `${digest} ${tenant}`
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
