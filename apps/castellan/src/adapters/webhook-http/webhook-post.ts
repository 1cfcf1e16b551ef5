import type { Post } from '../../journal/index.ts'
import { egressOf } from '../../registry/index.ts'
import { HttpClient, retryAfter } from '../http-client/index.ts'

/**
 * Hands a message to whoever listens at a URL, on a connection of its own: messages are few, and go to many places. It goes to public
 * addresses, and to others only where the URL says so by itself. Redirects are not followed, since what is signed for one is not for
 * another.
 */
export const webhookPost: Post = async (url, { headers, body }, signal) => {
  const target = URL.parse(url)
  if (target === null || !/^https?:$/.test(target.protocol)) return { lost: 'its address is not an http or https URL' }
  const place = { transport: 'http-adapter', headers: {}, endpoints: [url] } as const
  const client = new HttpClient(target.origin, PATIENCE, { egress: egressOf(target.hostname, place) })
  try {
    const path = `${target.pathname}${target.search}`
    const length = String(Buffer.byteLength(body))
    const ask = { method: 'POST', path, headers: { ...headers, 'content-length': length }, body } as const
    const answer = await client.ask(ask, signal, MOST_READ)
    if (answer.is === 'lost') return { lost: answer.fault?.message ?? answer.why }
    const pause = answer.is === 'answered' ? retryAfter(answer.headers['retry-after'], new Date()) : null
    return { status: answer.status, retryAfter: pause }
  } finally {
    await client.close()
  }
}

/** Milliseconds; the whole attempt ends with its signal. */
const PATIENCE = { connect: 5_000, pool: 1_000, read: 10_000 }
/** Bytes of an answer that nobody reads. */
const MOST_READ = 64 * 1_024
