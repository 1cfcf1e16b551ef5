import type { IncomingMessage } from 'node:http'
import type { LookupFunction, Socket } from 'node:net'
import { WebSocket } from 'ws'
import { isJsonObject, systemClock } from '../../kernel/index.ts'
import type { Target } from '../../gate/index.ts'
import { requestHeaders } from './request-headers.ts'
import { lookupWithin, retryAfter } from '../http-client/index.ts'
import { egressFor } from './egress-for.ts'
import { httpFailure, SendFailure, sendFailure } from './send-failure.ts'
import { MAX_MESSAGE } from './streamable-http.ts'
import type { Message, Receiver, Settled, Transport } from './transport.ts'

export interface WebSocketOptions {
  /** Most bytes of one message from the server; 64 MiB unless told. */
  readonly maxMessage?: number
  /** Milliseconds between pings; a server that sends not a byte from one to the next is dead. 15 s unless told. */
  readonly pingEvery?: number
  /** Looks names up in place of the system. */
  readonly lookup?: LookupFunction
}

const PING_EVERY = 15_000
/** More than this waiting in front of a server that does not read means it never will, bytes. */
const MOST_WAITING = 64 * 1024 * 1024
/** Milliseconds the server has to answer the closing handshake. */
const FAREWELL = 1_000

/**
 * JSON-RPC over one WebSocket (RFC 6455), subprotocol `mcp`, one message in each text message. What is not JSON-RPC is
 * reported and dropped. A connection that drops stays dropped: whoever pools sessions opens the next one. Redirects are not
 * followed. Throws `HEADER_INVALID`.
 */
export function webSocketTransport(target: Target, options: WebSocketOptions = {}): Transport {
  return new OverWebSocket(target, options)
}

class OverWebSocket implements Transport {
  readonly hasRequestStreams = false
  readonly hasSession = false

  readonly #target: Target
  readonly #headers: Record<string, string>
  readonly #maxMessage: number
  readonly #pingEvery: number
  readonly #lookup: LookupFunction | undefined
  readonly #closed = Promise.withResolvers<void>()
  #socket: WebSocket | null = null
  #pinging: NodeJS.Timeout | undefined
  #receiver: Receiver | null = null
  #reason: string | null = null
  /** Messages the socket has not taken yet, and how long it may take with the next. */
  #waiting = 0
  #patience: NodeJS.Timeout | undefined
  #ended = false

  constructor(target: Target, options: WebSocketOptions) {
    this.#target = target
    this.#headers = requestHeaders(target.server, target.values)
    this.#maxMessage = options.maxMessage ?? MAX_MESSAGE
    this.#pingEvery = options.pingEvery ?? PING_EVERY
    this.#lookup = options.lookup
  }

  start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (this.#ended) return Promise.reject(new SendFailure('it is closed', { sent: false, retryable: true }))
    const egress = egressFor(this.#target)
    const { hostname, port: given, protocol } = new URL(this.#target.endpoint)
    const port = Number(given) || (protocol === 'wss:' ? 443 : 80)
    // Addresses are not looked up, so this is where they are judged.
    const refused = egress.refusal(hostname, port)
    if (refused !== null) return Promise.reject(sendFailure(refused))
    const socket = new WebSocket(this.#target.endpoint, 'mcp', {
      lookup: lookupWithin(egress, port, this.#lookup),
      headers: this.#headers,
      handshakeTimeout: this.#target.timeouts.connect,
      maxPayload: this.#maxMessage,
      perMessageDeflate: false,
    })
    this.#socket = socket
    let raw: Socket | null = null
    socket.on('upgrade', response => (raw = response.socket))
    socket.on('unexpected-response', (request, response) => {
      const failure = refusal(response)
      this.#reason ??= failure.message
      reject(failure)
      request.destroy()
      // Without this listener the library would say it; with it, ending the attempt is up to us.
      socket.terminate()
    })
    socket.on('open', () => {
      if (raw !== null) this.#watch(socket, raw)
      resolve()
    })
    socket.on('message', (data, binary) => this.#receive(data, binary))
    socket.on('error', error => {
      const why = this.#reasonOf(error)
      this.#reason ??= why
      const { fault } = sendFailure(error)
      const meaning = { sent: false, retryable: fault === null, ...(fault && { fault }) }
      reject(new SendFailure(why, meaning, { cause: error }))
    })
    socket.on('close', code => {
      this.#reason ??=
        code === 1000 || code === 1001 ? 'the server closed the connection' : `the connection broke (${code})`
      reject(new SendFailure(this.#reason, { sent: false, retryable: true }))
      this.#end()
    })
    return promise
  }

  send(message: Message, settled: Settled): void {
    const socket = this.#socket
    if (socket?.readyState !== WebSocket.OPEN)
      return settled(new SendFailure('it is not connected', { sent: false, retryable: true }))
    if (socket.bufferedAmount > MOST_WAITING) {
      return settled(new SendFailure('it does not read what is sent to it', { sent: false, retryable: true }))
    }
    // A frame that is stuck half way blocks all behind it, so the connection goes with it.
    if (this.#waiting++ === 0) {
      this.#patience = setTimeout(() => this.#drop('it takes no more messages'), this.#target.timeouts.write)
    }
    socket.send(JSON.stringify(message), error => {
      if (--this.#waiting === 0) clearTimeout(this.#patience)
      else this.#patience?.refresh()
      settled(error ? sendFailure(error) : null)
    })
  }

  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === null || socket.readyState === WebSocket.CLOSED) return this.#end()
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
    else socket.close(1000)
    const timer = setTimeout(() => socket.terminate(), FAREWELL)
    await this.#closed.promise
    clearTimeout(timer)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#pinging)
    clearTimeout(this.#patience)
    this.#closed.resolve()
    this.#receiver?.ended(this.#reason ?? 'it was closed by the control plane')
  }

  #drop(reason: string): void {
    this.#reason ??= reason
    this.#socket?.terminate()
  }

  /** Any byte is a sign of life: behind a long message the answer to a ping may be late. */
  #watch(socket: WebSocket, raw: Socket): void {
    let seen = -1
    this.#pinging = setInterval(() => {
      if (raw.bytesRead === seen) return this.#drop('it no longer answers pings')
      seen = raw.bytesRead
      socket.ping()
    }, this.#pingEvery)
  }

  #receive(data: WebSocket.RawData, binary: boolean): void {
    const message = binary ? undefined : parse(textOf(data))
    if (isJsonObject(message) && message.jsonrpc === '2.0') this.#receiver?.message(message, null)
    else this.#receiver?.stray('it sent a message that is not JSON-RPC')
  }

  #reasonOf(error: Error): string {
    const { code } = error as { code?: unknown }
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return `its message is larger than ${this.#maxMessage} bytes`
    if (typeof code === 'string' && code.startsWith('WS_ERR')) return `it broke the WebSocket protocol (${code})`
    if (error.message === 'Server sent no subprotocol') return 'it does not offer the subprotocol "mcp"'
    if (error.message === 'Opening handshake has timed out') return 'connecting took too long'
    return sendFailure(error).message
  }
}

function refusal(response: IncomingMessage): SendFailure {
  const wait = retryAfter(response.headers['retry-after'], systemClock.now())
  const { message, retryable, status } = httpFailure(response.statusCode ?? 0, wait)
  return new SendFailure(message, { sent: false, retryable, retryAfter: wait, ...(status !== null && { status }) })
}

function textOf(data: WebSocket.RawData): string {
  // One buffer for a whole message, fragments included: the library's other forms are not asked for.
  return data instanceof Buffer ? data.toString() : ''
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
