/** What a verified token says; nothing in it was taken from an unverified part. */
export interface VerifiedToken {
  readonly issuer: string
  readonly subject: string
  /** Scopes the token carries (`scope` or `scp`). */
  readonly scopes: readonly string[]
  /** Roles the token carries under the configured claim, unfiltered. */
  readonly roles: readonly string[]
  /** Tenants the token carries under the configured claim. */
  readonly tenants: readonly string[]
  readonly name: string | null
  /** RFC 3339. */
  readonly expiresAt: string
}

/** The port behind OIDC access tokens: checks signature, issuer, audience and times (RFC 9068, RFC 8725). */
export interface TokenVerifier {
  /** Throws `UNAUTHENTICATED` for anything but a good token, without saying why; `UPSTREAM_UNREACHABLE` when keys cannot be had. */
  verify(token: string, signal: AbortSignal): Promise<VerifiedToken>
}
