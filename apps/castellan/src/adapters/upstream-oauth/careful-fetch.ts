import type { FetchLike } from '@modelcontextprotocol/client'
import { Unusable } from './unusable.ts'

/** Milliseconds for one answer. */
const TIMEOUT = 10_000
const LARGEST = 1_048_576
/** Requests of one task: what a server says of itself must not keep us busy. */
const MOST = 30

/**
 * `fetch` for addresses that a server we do not trust has named: https only, or http on this machine when the server itself
 * is here; bounded in time, size and number. Redirects are given back, not followed.
 */
export function carefulFetch(endpoint: string, signal: AbortSignal): FetchLike {
  const isHere = isLoopback(new URL(endpoint))
  let asked = 0
  return async (url, init) => {
    const to = new URL(url)
    if (!isTrustworthy(to, isHere)) throw new Unusable('it names an address that is not https')
    if (++asked > MOST) throw new Unusable(`more than ${MOST} requests were needed`)
    const patience = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)])
    const response = await fetch(to, { ...init, redirect: 'manual', signal: patience })
    const { status, headers } = response
    const body = await bounded(response)
    return new Response(body.length === 0 ? null : body, { status, headers })
  }
}

/** Whether something may be asked there, or a person sent there. Servers elsewhere must not lead us to this machine. */
export function isTrustworthy(url: URL, isHere: boolean): boolean {
  return url.protocol === 'https:' ? isHere || !isLoopback(url) : url.protocol === 'http:' && isHere && isLoopback(url)
}

export function isLoopback({ hostname }: URL): boolean {
  return /^(.*\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname)
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > LARGEST) throw new Unusable('an answer is too large')
  }
  return text + decoder.decode()
}
