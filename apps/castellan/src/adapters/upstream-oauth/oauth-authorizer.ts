import type { LookupFunction } from 'node:net'
import {
  auth,
  computeScopeUnion,
  discoverOAuthServerInfo,
  exchangeAuthorization,
  extractWWWAuthenticateParams,
  OAuthError,
  OAuthErrorCode,
  type OAuthTokens,
  refreshAuthorization,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client'
import { type Clock, fault } from '../../kernel/index.ts'
import type { Authorizer, Tokens } from '../../registry/index.ts'
import { carefulFetch } from './careful-fetch.ts'
import { Introduction } from './introduction.ts'
import { clientOf, issuerOf, memoryOf, type Notes, notesOf, sameIssuer } from './notes.ts'
import { mayPass, Unusable, whyOf } from './unusable.ts'

/**
 * The authorization code grant of OAuth 2.1 with PKCE, as MCP has it: protected resource metadata (RFC 9728), authorization
 * server metadata (RFC 8414, OpenID Connect Discovery), client ID metadata documents or dynamic registration (RFC 7591),
 * resource indicators (RFC 8707) and issuers in answers (RFC 9207). All of that is the MCP SDK's; this is what it is fed with.
 *
 * Source: MCP 2025-11-25 and 2026-07-28, authorization.
 */
export function oauthAuthorizer(clock: Clock, lookup?: LookupFunction): Authorizer {
  return {
    async demandOf({ status, wwwAuthenticate }) {
      const headers = new Headers()
      if (wwwAuthenticate !== null) headers.set('www-authenticate', wwwAuthenticate)
      const { resourceMetadataUrl, scope, error } = extractWWWAuthenticateParams(new Response(null, { headers }))
      const more = status === 403
      if (more && error !== 'insufficient_scope') return null
      return { resourceMetadataUrl: resourceMetadataUrl?.href ?? null, scope: scope ?? null, more }
    },

    async begin(applicant, { demand, scopes, state }, memory, signal) {
      const introduction = new Introduction(applicant, state, notesOf(memory))
      const scope = computeScopeUnion(...scopes, demand?.scope ?? undefined)
      try {
        await auth(introduction, {
          serverUrl: applicant.endpoint,
          fetchFn: carefulFetch(applicant, signal, lookup),
          forceReauthorization: true,
          ...(scope === undefined ? {} : { scope }),
          ...(demand?.resourceMetadataUrl == null ? {} : { resourceMetadataUrl: new URL(demand.resourceMetadataUrl) }),
        })
      } catch (error) {
        throw failed(applicant.server, error)
      }
      return { url: introduction.url, memory: memoryOf(introduction.notes) }
    },

    async finish(applicant, { code, error, iss }, memory, signal) {
      const { verifier, ...notes } = notesOf(memory)
      const { discovery, redirectUrl, scope } = notes
      try {
        const client = clientOf(applicant, notes)
        if (!discovery || !client || verifier === undefined || redirectUrl === undefined)
          throw new Unusable('nobody was asked')
        const metadata = discovery.authorizationServerMetadata
        if (code === null) {
          // Whether it is of the one who was asked is asked before its word counts for anything.
          validateAuthorizationResponseIssuer({
            iss: iss ?? undefined,
            expectedIssuer: metadata?.issuer,
            issParameterSupported: metadata?.authorization_response_iss_parameter_supported === true,
          })
          throw new Unusable(error === 'access_denied' ? 'the person said no' : 'the answer holds no code')
        }
        const given = await exchangeAuthorization(discovery.authorizationServerUrl, {
          ...destination(notes),
          clientInformation: client,
          authorizationCode: code,
          codeVerifier: verifier,
          redirectUri: redirectUrl,
          fetchFn: carefulFetch(applicant, signal, lookup),
          ...(iss === null ? {} : { iss }),
        })
        const tokens = tokensOf(given, { scope: scope ?? null, issuer: issuerOf(discovery) }, clock)
        return { tokens, memory: memoryOf(notes) }
      } catch (error) {
        throw failed(applicant.server, error)
      }
    },

    async renew(applicant, tokens, memory, lookAgain, signal) {
      let notes = notesOf(memory)
      const fetchFn = carefulFetch(applicant, signal, lookup)
      try {
        if (lookAgain) notes = { ...notes, discovery: await discovered(applicant.endpoint, notes, fetchFn) }
        const { discovery } = notes
        const client = clientOf(applicant, notes)
        if (!discovery || !client || !sameIssuer(issuerOf(discovery), tokens.issuer)) {
          return { is: 'refused', why: 'its authorization server is another than before', memory }
        }
        const given = await refreshAuthorization(discovery.authorizationServerUrl, {
          ...destination(notes),
          clientInformation: client,
          refreshToken: tokens.refresh!,
          fetchFn,
        })
        return { is: 'renewed', tokens: tokensOf(given, tokens, clock), memory: memoryOf(notes) }
      } catch (error) {
        const why = whyOf(error)
        if (mayPass(error)) throw fault('UPSTREAM_UNREACHABLE', { server: applicant.server, why }, { cause: error })
        // A registration that is not known any more would spoil every later attempt.
        const isUnknown = applicant.clientId === null && error instanceof OAuthError && unknownClient.has(error.code)
        return { is: 'refused', why: `its token cannot be renewed: ${why}`, memory: isUnknown ? {} : memory }
      }
    },
  }
}

const unknownClient: ReadonlySet<string> = new Set([OAuthErrorCode.InvalidClient, OAuthErrorCode.UnauthorizedClient])

async function discovered(endpoint: string, { discovery }: Notes, fetchFn: ReturnType<typeof carefulFetch>) {
  const known = discovery?.resourceMetadataUrl
  const found = await discoverOAuthServerInfo(endpoint, {
    fetchFn,
    ...(known === undefined ? {} : { resourceMetadataUrl: new URL(known) }),
  })
  return { ...found, ...(known === undefined ? {} : { resourceMetadataUrl: known }) }
}

function destination({ discovery, resource }: Notes) {
  const metadata = discovery?.authorizationServerMetadata
  return { ...(metadata === undefined ? {} : { metadata }), ...(resource === undefined ? {} : { resource }) }
}

/** What is not said anew stays as it was. Source: RFC 6749 sections 5.1 and 6. */
function tokensOf(given: OAuthTokens, before: Pick<Tokens, 'scope' | 'issuer'>, clock: Clock): Tokens {
  const { access_token: access, token_type: type, refresh_token: refresh, expires_in: seconds, scope } = given
  if (type.toLowerCase() !== 'bearer' || !TOKEN.test(access)) throw new Unusable('its tokens are not bearer tokens')
  const now = clock.now()
  return {
    access,
    refresh: refresh ?? null,
    givenAt: now.toISOString(),
    expiresAt: seconds === undefined ? null : new Date(now.getTime() + seconds * 1_000).toISOString(),
    scope: scope ?? before.scope,
    issuer: before.issuer,
  }
}

/** What a header can carry. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/

function failed(server: string, cause: unknown) {
  return fault('AUTHORIZATION_FAILED', { server, why: whyOf(cause) }, { cause })
}
