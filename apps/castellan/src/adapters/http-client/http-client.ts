import type { IncomingHttpHeaders } from 'node:http'
import type { LookupFunction } from 'node:net'
import { type Dispatcher, Pool } from 'undici'
import { type Fault, formatDuration, isFault } from '../../kernel/index.ts'
import type { Egress, Timeouts } from '../../registry/index.ts'
import { dialler } from './dial.ts'
import { whyLost } from './why-lost.ts'

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query exactly as they go on the wire: nothing normalises them on the way. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type Answer =
  | { readonly is: 'answered'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  /** The body went beyond the limit; the rest was not read. */
  | { readonly is: 'oversized'; readonly status: number }
  | {
      readonly is: 'lost'
      /** False only when the request never got a connection. */
      readonly sent: boolean
      readonly aborted: boolean
      readonly timedOut: boolean
      /** Free of secrets: neither paths nor messages of lower layers. */
      readonly why: string
      /** What it is, when that is nothing of the transport: `EGRESS_REFUSED`. */
      readonly fault?: Fault
    }

/** How the connection itself is made, as far as the origin does not say it. Certificates and keys are PEM. */
export interface Line {
  /** A Unix socket to connect to in place of the origin's host. */
  readonly socketPath?: string
  /** Whom to believe in place of the authorities of Node. */
  readonly ca?: string
  /** Who we are, for servers that want to know. */
  readonly cert?: string
  readonly key?: string
  /** Where it may lead; anywhere without one. */
  readonly egress?: Egress
  /** Looks names up in place of the system. */
  readonly lookup?: LookupFunction
}

type Patience = Pick<Timeouts, 'connect' | 'pool' | 'read'>

/** Most bytes of one answer that are taken into memory. */
export const MAX_ANSWER = 10 * 1024 * 1024

/** Keep-alive HTTP/1.1 to one origin. Follows no redirect, decodes nothing, repeats nothing. */
export class HttpClient {
  readonly #pool: Pool
  readonly #timeouts: Patience

  constructor(origin: string, timeouts: Patience, { egress, lookup, ...line }: Line = {}) {
    this.#timeouts = timeouts
    this.#pool = new Pool(origin, {
      connections: 100,
      pipelining: 1,
      // Over HTTP/2 a request may wait inside a shared session, and "sent" would no longer be certain.
      allowH2: false,
      connect: dialler(new URL(origin), egress ?? null, { ...line, timeout: timeouts.connect, allowH2: false }, lookup),
      headersTimeout: timeouts.read,
      bodyTimeout: timeouts.read,
    })
  }

  /** Settles as soon as the signal aborts, and then takes the socket down with it. Never rejects. */
  ask(ask: Ask, signal: AbortSignal, limit = MAX_ANSWER): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    let controller: Dispatcher.DispatchController | null = null
    let settled = false
    const settle = (answer: Answer) => {
      if (settled) return
      settled = true
      clearTimeout(waiting)
      signal.removeEventListener('abort', onAbort)
      resolve(answer)
      if (answer.is !== 'answered') controller?.abort(new Error('no longer wanted'))
    }
    const lost = (why: string, how: { aborted?: boolean; timedOut?: boolean; fault?: Fault } = {}) =>
      settle({ is: 'lost', sent: controller !== null, aborted: false, timedOut: false, why, ...how })
    const onAbort = () => lost('the call was given up', { aborted: true })
    const patience = this.#timeouts.connect + this.#timeouts.pool
    const waiting = setTimeout(
      () => lost(`no connection within ${formatDuration(patience)}`, { timedOut: true }),
      patience,
    )
    if (signal.aborted) {
      onAbort()
      return promise
    }
    signal.addEventListener('abort', onAbort, { once: true })

    let status = 0
    let headers: IncomingHttpHeaders = {}
    let size = 0
    const chunks: Buffer[] = []
    this.#pool.dispatch(
      { method: ask.method, path: ask.path, headers: ask.headers, body: ask.body ?? null },
      {
        // Called when the request has a connection, right before its first byte is written.
        onRequestStart(started) {
          if (settled) return started.abort(new Error('no longer wanted'))
          controller = started
          clearTimeout(waiting)
        },
        onResponseStart(_, statusCode, received) {
          // An informational answer is followed by the real one.
          status = statusCode
          headers = received
        },
        onResponseData(_, chunk) {
          size += chunk.length
          if (size > limit) settle({ is: 'oversized', status })
          else chunks.push(chunk)
        },
        onResponseEnd() {
          settle({ is: 'answered', status, headers, body: Buffer.concat(chunks) })
        },
        onResponseError: (_, error) => {
          if (isFault(error, 'EGRESS_REFUSED')) return lost(error.message, { fault: error })
          const { why, timedOut } = whyLost(error, this.#timeouts)
          lost(why, { timedOut })
        },
      },
    )
    return promise
  }

  /** Ends everything under way at once. Idempotent. */
  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}
