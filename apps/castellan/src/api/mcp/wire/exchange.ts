import type { ServerResponse } from 'node:http'
import type { Beating, Heartbeat } from './heartbeat.ts'
import type { EventStream } from './event-stream.ts'

/** How the answer to one POST may be given. */
export interface ExchangeStyle {
  /** How many answers are wanted; more than one only for a batch. */
  readonly answers: number
  readonly isBatch: boolean
  /** Makes the stream that the answer becomes when something has to be said before it; null when the client takes none. */
  readonly openStream: (() => EventStream) | null
  readonly headers: Readonly<Record<string, string>>
  readonly heartbeat: Heartbeat
}

/**
 * The answer to one POST: plain JSON when nothing has to be said before it, an event stream from the moment something has.
 * An answer that takes long becomes a stream, too, so that nobody on the way takes the connection for dead.
 */
export class Exchange implements Beating {
  readonly #response: ServerResponse
  readonly #style: ExchangeStyle
  #stream: EventStream | null = null
  #answers: string[] = []
  #done = false
  #beats = 0

  /** `onGone` is called when the client closed the connection before it was answered. */
  constructor(response: ServerResponse, style: ExchangeStyle, onGone: () => void) {
    this.#response = response
    this.#style = style
    style.heartbeat.add(this)
    response.once('close', () => {
      if (this.#done) return
      if (this.#stream === null) style.heartbeat.remove(this)
      onGone()
    })
  }

  /** Whether everything was answered. */
  get done(): boolean {
    return this.#done
  }

  /** Says something before the answer; lost when the client takes no streams. */
  say(text: string): void {
    if (!this.#done) this.#streaming()?.send(text)
  }

  /** Gives one of the answers that are wanted; the status counts as long as nothing was sent. */
  answer(text: string, status = 200): void {
    if (this.#done) return
    if (this.#stream === null) {
      this.#answers.push(text)
      if (this.#answers.length < this.#style.answers) return
      this.#end()
      this.#answerPlainly(status)
    } else {
      this.#answers.push('')
      this.#stream.send(text)
      if (this.#answers.length < this.#style.answers) return
      this.#end()
      this.#stream.end()
    }
  }

  beat(): void {
    if (this.#stream !== null) this.#stream.beat()
    // The first beat may come at once, so the second is the first that proves a wait.
    else if (++this.#beats > 1) this.#streaming()
  }

  #streaming(): EventStream | null {
    if (this.#stream !== null || this.#style.openStream === null || this.#response.destroyed) return this.#stream
    this.#stream = this.#style.openStream()
    this.#stream.attach(this.#response, this.#style.headers)
    for (const text of this.#answers) this.#stream.send(text)
    return this.#stream
  }

  #answerPlainly(status: number): void {
    if (this.#response.destroyed) return
    const body = this.#style.isBatch ? `[${this.#answers.join(',')}]` : this.#answers[0]!
    this.#response
      .writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...this.#style.headers,
      })
      .end(body)
  }

  #end(): void {
    this.#done = true
    this.#style.heartbeat.remove(this)
  }
}
