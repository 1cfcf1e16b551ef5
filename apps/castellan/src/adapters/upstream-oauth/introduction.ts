import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client'
import type { Applicant } from '../../registry/index.ts'
import { untrustworthy } from './careful-fetch.ts'
import { clientOf, issuerOf, type Notes, sameIssuer } from './notes.ts'
import { Unusable } from './unusable.ts'

/**
 * One walk to an authorization server, up to the address where a person goes on. The library walks and asks this for what it
 * needs; what it finds out is in {@link notes}. Nothing is reused at another issuer than it came from.
 */
export class Introduction implements OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadataUrl?: string
  readonly #applicant: Applicant
  readonly #state: string
  #notes: Notes
  #url: URL | null = null

  constructor(applicant: Applicant, state: string, before: Notes) {
    this.#applicant = applicant
    this.#state = state
    this.redirectUrl = applicant.redirectUrl
    if (applicant.clientMetadataUrl !== null) this.clientMetadataUrl = applicant.clientMetadataUrl
    this.#notes = reusable(before, applicant) ? { client: before.client!, redirectUrl: before.redirectUrl! } : {}
  }

  get notes(): Notes {
    return this.#notes
  }

  /** Where the person goes; after the walk. */
  get url(): string {
    return this.#url!.href
  }

  get clientMetadata(): OAuthClientMetadata {
    return {
      client_name: 'Castellan',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    }
  }

  state(): string {
    return this.#state
  }

  clientInformation({ issuer }: { issuer: string } = { issuer: '' }): StoredOAuthClientInformation | undefined {
    if (this.#applicant.clientId === null) return this.#notes.client
    return { ...clientOf(this.#applicant, this.#notes)!, issuer }
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#note({ client, redirectUrl: this.redirectUrl })
  }

  tokens(): undefined {
    return undefined
  }

  saveTokens(): void {
    throw new Error('an introduction ends before there are tokens')
  }

  saveCodeVerifier(verifier: string): void {
    this.#note({ verifier })
  }

  codeVerifier(): string {
    return this.#notes.verifier!
  }

  discoveryState(): undefined {
    return undefined
  }

  /** The first moment at which the issuer is known, and the last before anything is told to it. */
  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    const issuer = issuerOf(discovery)
    const { clientId, issuer: only } = this.#applicant
    if (only !== null && !sameIssuer(only, issuer)) {
      throw new Unusable('it names another authorization server than the issuer it is set to')
    }
    // A client registered by hand is of one issuer: the first it was used at, unless the settings say which.
    const bound = clientId === null ? undefined : this.#notes.client?.issuer
    if (only === null && bound !== undefined && !sameIssuer(bound, issuer)) {
      throw new Unusable('it names another authorization server than before, where its client id means nothing')
    }
    if (clientId !== null) this.#note({ client: { client_id: clientId, issuer }, redirectUrl: this.redirectUrl })
    this.#note({ discovery })
  }

  saveResourceUrl(resource: string): void {
    this.#note({ resource })
  }

  redirectToAuthorization(url: URL): void {
    const problem = untrustworthy(url, this.#applicant)
    if (problem !== undefined) throw new Unusable(`it would send people elsewhere: ${problem}`)
    const scope = url.searchParams.get('scope')
    if (scope !== null) this.#note({ scope })
    this.#url = url
  }

  #note(more: Notes): void {
    this.#notes = { ...this.#notes, ...more }
  }
}

/** Whether what is known of us there still holds: who we are, where people come back to, and until when. */
function reusable({ client, redirectUrl }: Notes, applicant: Applicant): boolean {
  if (client === undefined) return false
  if (applicant.clientId !== null) return client.client_id === applicant.clientId
  const ends = 'client_secret_expires_at' in client ? (client.client_secret_expires_at ?? 0) : 0
  return redirectUrl === applicant.redirectUrl && (ends === 0 || ends * 1_000 > Date.now())
}
