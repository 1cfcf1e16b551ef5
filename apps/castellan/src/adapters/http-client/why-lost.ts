import { formatDuration } from '../../kernel/index.ts'
import type { Timeouts } from '../../registry/index.ts'

/** What an error of a connection means, in words free of secrets: neither paths nor messages of lower layers. */
export function whyLost(
  error: unknown,
  timeouts: Pick<Timeouts, 'connect' | 'read'>,
): { readonly why: string; readonly timedOut: boolean } {
  const code = codeOf(error)
  return { why: inWords(code, timeouts), timedOut: TIMEOUTS.has(code) }
}

function inWords(code: string, { connect, read }: Pick<Timeouts, 'connect' | 'read'>): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host name cannot be resolved'
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return 'the connection was lost'
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return `no connection within ${formatDuration(connect)}`
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return `no answer within ${formatDuration(read)}`
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return 'the link was closed'
    default:
      if (code.startsWith('HPE_')) return 'its answer is not HTTP'
      return code === '' ? 'the request failed' : `the request failed (${code})`
  }
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

function codeOf(error: unknown): string {
  // Its parser does not always say what it stumbled over.
  if (error instanceof Error && error.name === 'HTTPParserError') return 'HPE_'
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : ''
}
