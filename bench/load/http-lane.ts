import { connect, type Socket } from 'node:net'

/** Status, headers and body of an answer; text is Latin-1, a character for each byte. */
export interface HttpAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/**
 * One connection that is kept, with one request under way at a time: no more of HTTP/1.1 than it takes to send a request
 * and to read an answer whole, so that the load generator is never what is measured.
 */
export class HttpLane {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes without which the answer is certainly not whole. */
  #needed = 0
  #settle: ((answer: HttpAnswer | Error) => void) | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#read(chunk))
    socket.on('error', error => this.#end(error))
    socket.on('close', () => this.#end(new Error('the connection was closed')))
  }

  static async open(url: URL): Promise<HttpLane> {
    const socket = connect(Number(url.port), url.hostname)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new HttpLane(socket)
  }

  /** Sends a request (Latin-1) and calls back once, when its answer is whole or will never be. */
  send(request: string, settle: (answer: HttpAnswer | Error) => void): void {
    if (this.#socket.destroyed) return settle(new Error('the connection is closed'))
    this.#settle = settle
    this.#socket.write(request, 'latin1')
  }

  ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) =>
      this.send(request, answer => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  }

  /** Drops the connection, whatever is under way. */
  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#needed) return
    const text = (this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)).toString('latin1')
    const answer = parseAnswer(text)
    if (typeof answer === 'number') {
      this.#needed = answer
      return
    }
    this.#chunks = []
    this.#size = 0
    this.#needed = 0
    this.#end(answer)
  }

  #end(answer: HttpAnswer | Error): void {
    const settle = this.#settle
    this.#settle = null
    settle?.(answer)
  }
}

/**
 * The answer; or, while something is missing, how many bytes there must at least be. Nothing is expected beyond the answer,
 * as nothing was asked.
 */
export function parseAnswer(text: string): HttpAnswer | number {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return text.length + 1
  const head = text.slice(0, end)
  const status = Number(head.slice(9, 12))
  const rest = end + 4
  const length = headerOf(head, 'content-length')
  if (length !== null) {
    const whole = rest + Number(length)
    return text.length < whole ? whole : { status, head, body: text.slice(rest, whole) }
  }
  if (headerOf(head, 'transfer-encoding') === null) return { status, head, body: '' }
  const body = unchunked(text, rest)
  return typeof body === 'number' ? body : { status, head, body }
}

/** Case does not count in the name. */
export function headerOf(head: string, name: string): string | null {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? null
}

function unchunked(text: string, from: number): string | number {
  let body = ''
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return text.length + 1
    const size = Number.parseInt(text.slice(at, line), 16)
    const next = line + 2 + size + 2
    if (text.length < next) return next
    if (size === 0) return body
    body += text.slice(line + 2, line + 2 + size)
    at = next
  }
}
