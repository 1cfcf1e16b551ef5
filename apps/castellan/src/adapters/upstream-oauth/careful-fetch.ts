import type { LookupFunction } from 'node:net'
import type { FetchLike } from '@modelcontextprotocol/client'
import { isLoopback } from '../../kernel/index.ts'
import type { Applicant } from '../../registry/index.ts'
import { type Answer, type Ask, HttpClient } from '../http-client/index.ts'
import { Unusable } from './unusable.ts'

/** Milliseconds for one answer. */
const TIMEOUT = 10_000
const LARGEST = 1_048_576
/** Requests of one task: what a server says of itself must not keep us busy. */
const MOST = 30

/**
 * `fetch` for addresses that a server we do not trust has named: where its egress lets it lead us, https only, or http on this
 * machine when the server itself is here; bounded in time, size and number. Redirects are given back, not followed.
 */
export function carefulFetch(applicant: Place, signal: AbortSignal, lookup?: LookupFunction): FetchLike {
  let asked = 0
  return async (url, init) => {
    const to = new URL(url)
    const problem = untrustworthy(to, applicant)
    if (problem !== undefined) throw new Unusable(problem)
    if (++asked > MOST) throw new Unusable(`more than ${MOST} requests were needed`)
    const line = { egress: applicant.egress, ...(lookup === undefined ? {} : { lookup }) }
    const client = new HttpClient(to.origin, { connect: TIMEOUT, pool: 0, read: TIMEOUT }, line)
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)])
      return responseOf(await client.ask(askFor(to, init), patience, LARGEST))
    } finally {
      await client.close()
    }
  }
}

type Place = Pick<Applicant, 'endpoint' | 'egress'>

/** Why nothing may be asked there, and no person sent there; undefined when it may. */
export function untrustworthy(url: URL, { endpoint, egress }: Place): string | undefined {
  const isHere = isLoopback(new URL(endpoint).hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere && isLoopback(url.hostname))) {
    return 'it names an address that is not https'
  }
  const refusal = egress.refusal(url.hostname, Number(url.port) || (url.protocol === 'https:' ? 443 : 80))
  return refusal === null ? undefined : String(refusal.details['why'])
}

function askFor(to: URL, init: RequestInit = {}): Ask {
  const headers = new Headers(init.headers)
  const { body } = init
  // The library sends forms and JSON, and nothing else.
  if (body instanceof URLSearchParams && !headers.has('content-type')) {
    headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
  }
  headers.set('accept-encoding', 'identity')
  return {
    method: (init.method ?? 'GET') as Ask['method'],
    path: to.pathname + to.search,
    headers: Object.fromEntries(headers),
    ...(body === undefined || body === null ? {} : { body: bodyOf(body) }),
  }
}

function bodyOf(body: NonNullable<RequestInit['body']>): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new Error('the library sent something other than text')
}

function responseOf(answer: Answer): Response {
  switch (answer.is) {
    case 'answered': {
      const headers = new Headers()
      for (const [name, value] of Object.entries(answer.headers)) {
        for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) headers.append(name, each)
      }
      const body = answer.body.length === 0 ? null : new Uint8Array(answer.body)
      return new Response(body, { status: answer.status, headers })
    }
    case 'oversized':
      throw new Unusable('an answer is too large')
    case 'lost':
      if (answer.fault !== undefined) throw new Unusable(String(answer.fault.details['why']))
      if (answer.aborted || answer.timedOut) throw new DOMException(answer.why, 'TimeoutError')
      throw new TypeError(answer.why)
    default:
      throw answer satisfies never
  }
}
