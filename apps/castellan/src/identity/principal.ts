/** A boundary of isolation: nothing of one tenant is visible to another. */
export interface Tenant {
  /** Lower-case name, such as `default`; never changes. */
  readonly id: string
  readonly description: string
  /** A suspended tenant keeps its data and may do nothing. */
  readonly suspended: boolean
  readonly version: number
}

export type PrincipalKind = 'user' | 'agent' | 'service' | 'site'

/**
 * What a principal may be in a tenant.
 * `admin` manages resources; `auditor` reads journal and calls; `operator` may be allowed effects by policy; `member` is
 * everybody.
 */
export type Role = 'admin' | 'auditor' | 'operator' | 'member'

export interface Membership {
  readonly tenant: string
  readonly roles: readonly Role[]
}

/** Who acts. */
export interface Principal {
  readonly id: string
  readonly kind: PrincipalKind
  /** Unique in the home tenant, which is that of the first membership. */
  readonly name: string
  readonly memberships: readonly Membership[]
  /** `issuer` and `subject` of the tokens that stand for this principal, when it comes from an OIDC provider. */
  readonly external: { readonly issuer: string; readonly subject: string } | null
  readonly version: number
}

/** What a key may be used for, at most; roles and policy decide within it. */
export type Scope = 'mcp' | 'read' | 'write' | 'admin'

/** An API key. The key itself is shown once, at creation; only its hash is kept. */
export interface Key {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly name: string
  /** SHA-256 of the whole key, hex: the secret part has 256 random bits, so nothing slower adds strength. */
  readonly hash: string
  readonly scopes: readonly Scope[]
  /** RFC 3339; null means until revoked. */
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly createdAt: string
}

/**
 * Proof that someone was identified, for one request: a principal acting in one tenant.
 * Made only by the {@link Authenticator}.
 */
export interface Identity {
  readonly principal: Principal
  readonly tenant: string
  readonly roles: readonly Role[]
  readonly scopes: readonly Scope[]
  /** The key used, or null for a token. */
  readonly keyId: string | null
  /** When this identity stops being good, RFC 3339, or null. */
  readonly expiresAt: string | null
}
