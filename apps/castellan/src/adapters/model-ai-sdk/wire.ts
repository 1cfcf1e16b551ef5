import { fetch as undiciFetch, Pool, type RequestInit } from 'undici'
import { formatSize, isFault } from '../../kernel/index.ts'
import { egressOf } from '../../registry/index.ts'
import { dialler, whyLost } from '../http-client/index.ts'

/** What kept a request from being sent or its answer from coming, in words free of secrets. */
export interface WireTrouble {
  readonly why: string
  /** Whether the next request may fare better. */
  readonly passing: boolean
}

export interface Wire {
  /** A fetch over connections of this wire only, which tells of trouble before it throws. */
  readonly fetch: (tell: (trouble: WireTrouble) => void) => typeof globalThis.fetch
  /** Ends what is under way at once. Idempotent. */
  close(): Promise<void>
}

interface WireOptions {
  readonly name: string
  readonly baseUrl: string
  readonly allowPrivate: boolean
  readonly silence: number
  readonly largest: number
}

/**
 * Connections to one provider, where its egress lets them go. Follows no redirect, since a key is not for whoever is named there;
 * takes answers up to a size, and with pauses up to a length.
 */
export function openWire({ name, baseUrl, allowPrivate, silence, largest }: WireOptions): Wire {
  const base = new URL(baseUrl)
  const egress = egressOf(name, {
    transport: 'http-adapter',
    endpoints: [baseUrl],
    headers: {},
    egress: { hosts: null, allowPrivate },
  })
  const patience = { connect: Math.min(CONNECT, silence), read: silence }
  const pool = new Pool(base.origin, {
    connections: CONNECTIONS,
    pipelining: 1,
    // A request that is given up takes its connection with it, and must take no other's.
    allowH2: false,
    connect: dialler(base, egress, { timeout: patience.connect, allowH2: false }),
    headersTimeout: silence,
    bodyTimeout: silence,
  })

  function troubleOf(error: unknown): WireTrouble {
    for (let at = error; at instanceof Error; at = at.cause) {
      if (isFault(at, 'EGRESS_REFUSED')) return { why: String(at.details['why']), passing: false }
      // Fetch Standard, section "port blocking": those of other protocols.
      if (at.message === 'bad port') return { why: 'requests over HTTP may not go to its port', passing: false }
      if ('code' in at) return { why: whyLost(at, patience).why, passing: true }
    }
    return { why: whyLost(error, patience).why, passing: true }
  }

  return {
    fetch: tell => async (input, init) => {
      const failed = (error: unknown): never => {
        tell(error instanceof TooLarge ? { why: error.message, passing: true } : troubleOf(error))
        throw error
      }
      const asked = { ...(init as RequestInit), dispatcher: pool, redirect: 'manual' } as const
      const answer = await undiciFetch(input as string, asked).catch(failed)
      const { status, body } = answer
      const headers = Object.fromEntries(answer.headers)
      if (body === null) return new Response(null, { status, headers })
      return new Response(ReadableStream.from(upTo(largest, body, failed)), { status, headers })
    },
    close: () => pool.destroy(),
  }
}

/** Milliseconds. */
const CONNECT = 10_000
/** Most steps with one provider at once. */
const CONNECTIONS = 200

class TooLarge extends Error {}

/** The same bytes, unless they are too many or end too early. */
async function* upTo(largest: number, body: AsyncIterable<Uint8Array>, failed: (error: unknown) => never) {
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.byteLength
      // Whoever leaves this loop closes the connection.
      if (size > largest) throw new TooLarge(`its answer is larger than ${formatSize(largest)}`)
      yield chunk
    }
  } catch (error) {
    failed(error)
  }
}
