import type {
  OAuthClientInformationMixed,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client'
import type { Applicant, Memory } from '../../registry/index.ts'

/** What is remembered from one step to the next, in the library's own forms. */
export interface Notes {
  /** As the authorization server registered us, or as we present ourselves; of which issuer. Not a client secret of people. */
  readonly client?: StoredOAuthClientInformation
  /** Where that registration lets people be sent back to. */
  readonly redirectUrl?: string
  readonly discovery?: OAuthDiscoveryState
  /** Resource indicator (RFC 8707). */
  readonly resource?: string
  readonly scope?: string
  readonly verifier?: string
}

export function notesOf(memory: Memory): Notes {
  return memory
}

export function memoryOf(notes: Notes): Memory {
  // Through text, so that it is the plain JSON it will be once it was kept.
  return JSON.parse(JSON.stringify(notes)) as Memory
}

/** Who we are towards the token endpoint. */
export function clientOf({ clientId, clientSecret }: Applicant, notes: Notes): OAuthClientInformationMixed | undefined {
  if (clientId === null) return notes.client
  return { client_id: clientId, ...(clientSecret === null ? {} : { client_secret: clientSecret }) }
}

/** Issuers are compared as text; only the slash that an origin may end with is none of its name. */
export function sameIssuer(a: string, b: string): boolean {
  return a.replace(/\/$/, '') === b.replace(/\/$/, '')
}

export function issuerOf({ authorizationServerMetadata, authorizationServerUrl }: OAuthDiscoveryState): string {
  return authorizationServerMetadata?.issuer ?? authorizationServerUrl
}
