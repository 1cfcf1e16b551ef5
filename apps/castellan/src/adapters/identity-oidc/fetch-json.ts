import { type Fault, fault } from '../../kernel/index.ts'

const TIMEOUT = 5_000
const LARGEST = 1_048_576

/**
 * A JSON document of an issuer, over https or from this machine. Redirects are not followed: they could lead into our own
 * network. Throws `UPSTREAM_UNREACHABLE` with the HTTP status, if there is one, in its details.
 */
export async function fetchJson(issuer: string, url: string): Promise<unknown> {
  if (!isTrustworthy(url)) throw unreachable(issuer, 'it gave an address that is not https')
  let response: Response
  try {
    const signal = AbortSignal.timeout(TIMEOUT)
    response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'application/json' } })
    if (response.status === 200) return JSON.parse(await bounded(response))
    await response.body?.cancel()
  } catch (cause) {
    throw unreachable(issuer, reason(cause), undefined, cause)
  }
  throw unreachable(issuer, `it answered with HTTP status ${response.status}`, response.status)
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > LARGEST) throw new SyntaxError('the document is too large')
  }
  return text + decoder.decode()
}

function isTrustworthy(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
}

function reason(error: unknown): string {
  if (error instanceof SyntaxError) return 'its answer is not JSON of a reasonable size'
  if (error instanceof Error && error.name === 'TimeoutError') return `it did not answer within ${TIMEOUT} ms`
  return 'the connection failed'
}

function unreachable(issuer: string, why: string, status?: number, cause?: unknown): Fault {
  return fault('UPSTREAM_UNREACHABLE', { server: issuer, why, status }, { cause })
}
