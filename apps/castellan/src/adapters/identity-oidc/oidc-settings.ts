export interface OidcSettings {
  /** Exactly as tokens carry it in `iss`. */
  readonly issuer: string
  /** Who tokens must be meant for. */
  readonly audience: string
  /** Where the keys are; null means the issuer's metadata says so. */
  readonly jwksUri: string | null
  /** The claim with roles, such as `roles` or `realm_access.roles`; null means tokens carry none. */
  readonly rolesClaim: string | null
  readonly tenantsClaim: string | null
}
