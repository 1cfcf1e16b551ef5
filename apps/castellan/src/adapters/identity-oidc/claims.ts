import type { JWTPayload } from 'jose'
import type { VerifiedToken } from '../../identity/index.ts'
import type { OidcSettings } from './oidc-settings.ts'

// Source: OpenID Connect Core 1.0 section 2: at most 255 ASCII characters; control characters have no place in records.
const SUBJECT = /^[\x20-\x7e]{1,255}$/

/** What we use of a verified payload. Throws an Error for a subject that OpenID Connect does not allow. */
export function readClaims(
  payload: JWTPayload,
  settings: Pick<OidcSettings, 'rolesClaim' | 'tenantsClaim'>,
): VerifiedToken {
  const { iss, sub, exp } = payload
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw new Error('the subject is not usable')
  return {
    issuer: iss!,
    subject: sub,
    // `scope` is RFC 9068; `scp` is what Entra and Okta send.
    scopes: words(payload['scope'] ?? payload['scp']),
    roles: settings.rolesClaim === null ? [] : words(claim(payload, settings.rolesClaim)),
    tenants: settings.tenantsClaim === null ? [] : words(claim(payload, settings.tenantsClaim)),
    name: firstText(payload['preferred_username'], payload['name'], payload['client_id']),
    expiresAt: new Date(exp! * 1_000).toISOString(),
  }
}

/** A claim by name, or by dotted path; by name first, since names may be URLs with dots. */
function claim(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  let value: unknown = payload
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

/** A list of texts, or one text with words separated by spaces. */
function words(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter(Boolean)
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

function firstText(...values: readonly unknown[]): string | null {
  return values.find((value): value is string => typeof value === 'string' && value !== '') ?? null
}
