import { decodeProtectedHeader, jwtVerify } from 'jose'
import { type Clock, fault, isFault } from '../../kernel/index.ts'
import type { TokenVerifier } from '../../identity/index.ts'
import { readClaims } from './claims.ts'
import { IssuerKeys } from './issuer-keys.ts'
import type { OidcSettings } from './oidc-settings.ts'

// Asymmetric only: with HS256 in the list, the public key would be a valid secret. Source: RFC 8725 sections 2.1 and 3.1.
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']

// ID tokens and access tokens of most issuers say JWT or nothing; other kinds (logout+jwt, dpop+jwt) are not for us.
const TYPES = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt'])

const CLOCK_TOLERANCE_SECONDS = 30

/**
 * Verifies access tokens of one OIDC issuer: signature, algorithm, type, issuer, audience, expiry and not-before.
 * Source: RFC 9068, RFC 8725, OpenID Connect Discovery 1.0.
 */
export function oidcVerifier(settings: OidcSettings, clock: Clock): TokenVerifier {
  const keys = new IssuerKeys(settings, clock)
  return {
    async verify(token, signal) {
      try {
        mustBeKnownType(token)
        const { payload } = await jwtVerify(token, header => keys.find(header, signal), {
          issuer: settings.issuer,
          audience: settings.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: clock.now(),
          requiredClaims: ['iss', 'sub', 'aud', 'exp'],
        })
        return readClaims(payload, settings)
      } catch (error) {
        if (isFault(error) || signal.aborted) throw error
        // Whatever was wrong with it: the caller learns nothing, our own log learns the cause.
        throw fault('UNAUTHENTICATED', {}, { cause: error })
      }
    },
  }
}

function mustBeKnownType(token: string): void {
  const { typ } = decodeProtectedHeader(token)
  if (!TYPES.has(typ?.toLowerCase())) throw new Error(`tokens of type ${typ} are not accepted`)
}
