import { connect, type Socket } from 'node:net'
import { isJsonObject, type JsonObject, parseStrict } from '../../kernel/index.ts'

/** What came back for a question, or how it got lost. */
export type Said =
  | { readonly is: 'answer'; readonly answer: JsonObject }
  /** `sent` is false only when it is certain that not a byte of the question left. */
  | { readonly is: 'lost'; readonly sent: boolean; readonly why: string }

/** Characters of the longest line that is read. */
const LONGEST = 10 * 1024 * 1024

/** Questions and answers over one socket, a line of JSON each, paired by their `id`. */
export class Conversation {
  /** Settles with the reason once nothing more can be asked. */
  readonly closed: Promise<string>
  readonly #socket: Socket
  readonly #waiting = new Map<number, (said: Said) => void>()
  #lastId = 0
  #line = ''
  #why = 'the connection was closed'

  private constructor(socket: Socket) {
    this.#socket = socket
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    socket.setEncoding('utf8').setNoDelay(true)
    socket.on('data', text => this.#hear(String(text)))
    socket.on('error', () => (this.#why = 'the connection broke'))
    socket.on('close', () => {
      for (const answer of this.#waiting.values()) answer({ is: 'lost', sent: true, why: this.#why })
      this.#waiting.clear()
      resolve(this.#why)
    })
  }

  /** Resolves once connected; null when nobody listens there or the signal aborted. */
  static open(host: string, port: number, signal: AbortSignal): Promise<Conversation | null> {
    const { promise, resolve } = Promise.withResolvers<Conversation | null>()
    if (signal.aborted) return Promise.resolve(null)
    const socket = connect({ host, port })
    const giveUp = () => socket.destroy()
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('error', () => undefined)
    socket.once('close', () => resolve(null))
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp)
      resolve(new Conversation(socket))
    })
    return promise
  }

  async ask(question: JsonObject, signal: AbortSignal): Promise<Said> {
    if (signal.aborted) return { is: 'lost', sent: false, why: 'it was given up before it was sent' }
    if (!this.#socket.writable) return { is: 'lost', sent: false, why: this.#why }
    const { promise, resolve } = Promise.withResolvers<Said>()
    const id = ++this.#lastId
    const giveUp = () => {
      resolve({ is: 'lost', sent: true, why: 'it was given up' })
      if (this.#socket.writable) this.#socket.write(`${JSON.stringify({ cancel: id })}\n`)
    }
    this.#waiting.set(id, resolve)
    signal.addEventListener('abort', giveUp, { once: true })
    this.#socket.write(`${JSON.stringify({ id, ...question })}\n`)
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', giveUp)
      this.#waiting.delete(id)
    }
  }

  async close(): Promise<void> {
    this.#socket.destroy()
    await this.closed
  }

  #hear(text: string): void {
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    try {
      for (const line of lines) this.#take(parseStrict(line))
      if (this.#line.length > LONGEST) throw new Error('a line without end')
    } catch {
      // Whoever says what is no JSON cannot be understood any further; what it said may hold secrets.
      this.#why = 'it said something that is not a line of JSON'
      this.#socket.destroy()
    }
  }

  #take(answer: unknown): void {
    if (!isJsonObject(answer) || typeof answer.id !== 'number') return
    this.#waiting.get(answer.id)?.({ is: 'answer', answer })
  }
}
