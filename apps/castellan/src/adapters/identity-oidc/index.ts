export type { OidcSettings } from './oidc-settings.ts'
export { oidcVerifier } from './oidc-verifier.ts'
