import { type Fault, isFault } from '../../kernel/index.ts'

interface Meaning {
  /** False only when it is certain that not a byte of the message reached the server. */
  readonly sent: boolean
  readonly retryable: boolean
  /** Milliseconds the server asked to wait, when it did. */
  readonly retryAfter?: number | null
  /** Whether the whole session is over, not only this message. */
  readonly fatal?: boolean
  /** HTTP status the server answered with, when it did. */
  readonly status?: number
  /** Body of that answer; it may carry a JSON-RPC error. Never shown to anyone. */
  readonly body?: string
  /** What it is, when that is nothing of the transport. */
  readonly fault?: Fault
}

/** What a transport throws from `send` or `start` when it knows better than {@link sendFailure} what the failure means. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure'
  readonly sent: boolean
  readonly retryable: boolean
  readonly retryAfter: number | null
  readonly fatal: boolean
  readonly status: number | null
  readonly body: string | null
  readonly fault: Fault | null

  constructor(message: string, meaning: Meaning, options?: ErrorOptions) {
    super(message, options)
    this.sent = meaning.sent
    this.retryable = meaning.retryable
    this.retryAfter = meaning.retryAfter ?? null
    this.fatal = meaning.fatal ?? false
    this.status = meaning.status ?? null
    this.body = meaning.body ?? null
    this.fault = meaning.fault ?? null
  }
}

/** The meaning of whatever a transport threw. */
export function sendFailure(error: unknown): SendFailure {
  for (const link of chain(error)) {
    if (link instanceof SendFailure) return link
    if (isFault(link, 'EGRESS_REFUSED')) {
      return new SendFailure(link.message, { sent: false, retryable: false, fault: link }, { cause: error })
    }
    const sentence = neverSent(link)
    if (sentence !== undefined) return new SendFailure(sentence, { sent: false, retryable: true }, { cause: error })
  }
  const code = chain(error).map(codeOf).find(Boolean)
  const why = code === undefined ? 'the connection failed' : `the connection failed (${code})`
  return new SendFailure(why, { sent: true, retryable: true }, { cause: error })
}

/** The meaning of an HTTP status that is not a success. `retryAfter` in milliseconds, when the server sent one. */
export function httpFailure(status: number, retryAfter: number | null, body?: string, cause?: unknown): SendFailure {
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500
  const meaning: Meaning = { sent: true, retryable, retryAfter, status, ...(body !== undefined && { body }) }
  const why = refusals[status]
  return new SendFailure(`it answered HTTP ${status}${why === undefined ? '' : `: ${why}`}`, meaning, { cause })
}

/** What an operator can do something about. */
const refusals: Readonly<Record<number, string>> = {
  401: 'it wants credentials, or does not accept those it was given',
  403: 'its credentials do not allow this',
}

/** Codes of failures that come before the first byte of a request, and their public wording. */
const beforeSending: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing accepts connections there',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name cannot be looked up now',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  ERR_INVALID_URL: 'its address is not a URL',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

function neverSent(error: unknown): string | undefined {
  const code = codeOf(error)
  // An open connection may lose its route, too.
  if (code?.endsWith('UNREACH') && (error as NodeJS.ErrnoException).syscall !== 'connect') return undefined
  return code === undefined ? undefined : beforeSending[code]
}

/** The error and its causes, outermost first; AggregateErrors (one per address tried) count by their first. */
function chain(error: unknown): unknown[] {
  const links: unknown[] = []
  for (let at = error; at instanceof Error && links.length < 8;) {
    links.push(at)
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined)
  }
  return links
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}
