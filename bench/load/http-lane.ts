import { connect, type Socket } from 'node:net'

/** Status, headers and body of an answer; text is Latin-1, since the load is ASCII. */
export interface HttpAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/**
 * One connection that is kept, with one request under way at a time: no more of HTTP/1.1 than it takes to send a POST and
 * to read an answer whole, so that the load generator is never what is measured.
 */
export class HttpLane {
  readonly #socket: Socket
  #text = ''
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

  /** Sends a request and calls back once, when its answer is whole or will never be. */
  send(request: string, settle: (answer: HttpAnswer | Error) => void): void {
    this.#settle = settle
    this.#socket.write(request, 'latin1')
  }

  ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) =>
      this.send(request, answer => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#text = this.#text === '' ? chunk.toString('latin1') : this.#text + chunk.toString('latin1')
    const answer = parseAnswer(this.#text)
    if (answer === null) return
    this.#text = ''
    this.#end(answer)
  }

  #end(answer: HttpAnswer | Error): void {
    const settle = this.#settle
    this.#settle = null
    settle?.(answer)
  }
}

/** Null while something is missing. Of what goes beyond the answer nothing is expected, as nothing was asked. */
export function parseAnswer(text: string): HttpAnswer | null {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = text.slice(0, end)
  const status = Number(head.slice(9, 12))
  const rest = end + 4
  const length = headerOf(head, 'content-length')
  if (length !== null) {
    const size = Number(length)
    return text.length - rest < size ? null : { status, head, body: text.slice(rest, rest + size) }
  }
  if (headerOf(head, 'transfer-encoding') === null) return { status, head, body: '' }
  const body = unchunked(text, rest)
  return body === null ? null : { status, head, body }
}

/** Case does not count in the name. */
export function headerOf(head: string, name: string): string | null {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? null
}

function unchunked(text: string, from: number): string | null {
  let body = ''
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(text.slice(at, line), 16)
    const next = line + 2 + size + 2
    if (text.length < next) return null
    if (size === 0) return body
    body += text.slice(line + 2, line + 2 + size)
    at = next
  }
}
