import { fault, isFault, isJsonObject } from '../../kernel/index.ts'
import { fetchJson } from './fetch-json.ts'

/**
 * Where an issuer says its keys are. Throws `UPSTREAM_UNREACHABLE`.
 * Source: OpenID Connect Discovery 1.0 section 4; RFC 8414 section 3 for issuers that speak plain OAuth.
 */
export async function discoverKeySet(issuer: string): Promise<string> {
  const [openid, oauth] = metadataUrls(issuer)
  const metadata = await fetchJson(issuer, openid).catch((error: unknown) => {
    if (isFault(error) && error.details['status'] === 404) return fetchJson(issuer, oauth)
    throw error
  })
  // Without this check one issuer could have another's tokens accepted (mix-up). Source: RFC 8414 section 3.3.
  if (!isJsonObject(metadata) || metadata['issuer'] !== issuer) {
    throw fault('UPSTREAM_UNREACHABLE', { server: issuer, why: 'its metadata is not about this issuer' })
  }
  const uri = metadata['jwks_uri']
  if (typeof uri !== 'string')
    throw fault('UPSTREAM_UNREACHABLE', { server: issuer, why: 'its metadata names no key set' })
  return uri
}

function metadataUrls(issuer: string): readonly [string, string] {
  const base = issuer.replace(/\/$/, '')
  const { origin, pathname } = new URL(base)
  const path = pathname === '/' ? '' : pathname
  return [`${base}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`]
}
