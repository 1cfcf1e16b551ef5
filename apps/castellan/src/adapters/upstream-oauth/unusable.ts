import {
  InsecureTokenEndpointError,
  IssuerMismatchError,
  OAuthError,
  OAuthErrorCode,
  RegistrationRejectedError,
} from '@modelcontextprotocol/client'

/** What an authorization cannot go on for, as a public sentence without its subject's words. */
export class Unusable extends Error {
  override readonly name = 'Unusable'
}

/** A public sentence for whatever went wrong; it quotes error codes and nothing else of what others say. */
export function whyOf(error: unknown): string {
  if (error instanceof Unusable) return error.message
  if (error instanceof IssuerMismatchError) {
    return error.kind === 'metadata'
      ? 'the metadata of its authorization server is about another issuer'
      : 'the answer is not of the authorization server that was asked: its "iss" is missing or another'
  }
  if (error instanceof RegistrationRejectedError) {
    return `its authorization server did not register us (HTTP ${error.status}); give it a client id that was registered by hand`
  }
  if (error instanceof InsecureTokenEndpointError) return 'its token endpoint is not https'
  if (error instanceof OAuthError) return `its authorization server answered "${codeOf(error)}"`
  if (!(error instanceof Error)) return UNREADABLE
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'its authorization server took too long'
  if (error instanceof TypeError) return 'its authorization server cannot be reached'
  return sentences.find(([pattern]) => pattern.test(error.message))?.[1] ?? UNREADABLE
}

/** Whether asking again later may go better: the authorization server did not judge what it was asked. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof OAuthError) || passing.has(error.code)
}

const passing: ReadonlySet<string> = new Set([
  OAuthErrorCode.ServerError,
  OAuthErrorCode.TemporarilyUnavailable,
  OAuthErrorCode.TooManyRequests,
])

const UNREADABLE = 'what it, or its authorization server, says about itself cannot be used'

/** The library has plain errors for these. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/^Protected resource .* does not match/, 'its metadata is about another resource'],
  [
    /does not support dynamic client registration/,
    'its authorization server registers nobody by itself; give it a client id that was registered by hand',
  ],
  [/does not support response type/, 'its authorization server has no authorization codes'],
  [/does not support code challenge method/, 'its authorization server does not protect codes with S256'],
  [/^HTTP \d+ trying to load/, 'its authorization server cannot say what it offers now'],
]

function codeOf({ code }: OAuthError): string {
  return /^[\w.-]{1,60}$/.test(code) ? code : 'an error without a name'
}
