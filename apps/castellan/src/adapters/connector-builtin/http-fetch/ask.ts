import type { IncomingHttpHeaders } from 'node:http'
import { formatDuration, formatSize } from '../../../kernel/index.ts'
import type { Egress } from '../../../registry/index.ts'
import { HttpClient } from '../../http-client/index.ts'
import { refused } from '../tool.ts'

export interface Terms {
  readonly egress: Egress
  /** Milliseconds, all redirects included. */
  readonly timeout: number
  readonly mostBytes: number
  readonly mostRedirects: number
}

export interface Question {
  readonly url: string
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly body?: string
  /** Of the body. */
  readonly type?: string
}

export interface Told {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly redirects: number
}

/** Asks, and follows redirects: each is judged as if it had been asked for, and asked without anything of the one before. Throws `TOOL_REFUSED`. */
export async function ask(question: Question, terms: Terms, signal: AbortSignal): Promise<Told> {
  const { timeout, mostRedirects } = terms
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  let url = placeIn(question.url)
  for (let redirects = 0; ; redirects++) {
    const answer = await askOnce(url, question, terms, either)
    const next = redirectOf(url, answer)
    if (next === null || mostRedirects === 0) return { ...answer, url: url.href, redirects }
    if (redirects === mostRedirects) throw refused(`it leads on more than ${mostRedirects} times`)
    url = next
  }
}

async function askOnce(
  url: URL,
  { method, body, type }: Question,
  { egress, timeout, mostBytes }: Terms,
  signal: AbortSignal,
): Promise<Pick<Told, 'status' | 'headers' | 'body'>> {
  const client = new HttpClient(url.origin, { connect: timeout, pool: timeout, read: timeout }, { egress })
  try {
    const headers = {
      accept: 'text/html, text/*;q=0.9, application/json;q=0.9, */*;q=0.5',
      'accept-encoding': 'gzip, br',
      'user-agent': 'castellan',
      ...(body === undefined || type === undefined ? {} : { 'content-type': type }),
    }
    const path = url.pathname + url.search
    const answer = await client.ask(
      { method, path, headers, ...(body === undefined ? {} : { body }) },
      signal,
      mostBytes,
    )
    switch (answer.is) {
      case 'answered':
        return answer
      case 'oversized':
        throw refused(`the answer has more than ${formatSize(mostBytes)}`)
      case 'lost':
        // Where inner names are found is nothing for whoever asks.
        if (answer.fault) throw refused(`${url.host} is not a place that was granted, or is not found at one`)
        throw refused(
          answer.aborted ? `no answer within ${formatDuration(timeout)}` : `${url.host} cannot be asked: ${answer.why}`,
        )
      default:
        throw answer satisfies never
    }
  } finally {
    await client.close()
  }
}

/** Where an answer leads on; null when it does not. Source: RFC 9110 section 15.4. */
function redirectOf(from: URL, { status, headers: { location } }: Pick<Told, 'status' | 'headers'>): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return null
  const url = placeIn(location, from)
  if (from.protocol === 'https:' && url.protocol !== 'https:')
    throw refused(`it leads on to ${url.origin}, which is not encrypted`)
  return url
}

function placeIn(given: string, base?: URL): URL {
  const url = URL.parse(given, base?.href)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refused(`"${given.slice(0, 200)}" is not a URL with http:// or https://`)
  }
  if (url.username || url.password) throw refused('the URL holds credentials, which are not sent')
  return url
}
