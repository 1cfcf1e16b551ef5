import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { EventSourceMessage } from 'eventsource-parser'
import { formatDuration } from '../../kernel/index.ts'
import { eventStream } from './event-stream.ts'
import { GatheredBytes } from './gathered-bytes.ts'
import { SendFailure, sendFailure } from './send-failure.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path and query. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string | null
  /** Longest wait for the head of the answer and longest silence within it, in milliseconds; 0 for no limit. */
  readonly head: number
  readonly silence: number
  /** Most bytes of one message. */
  readonly maxMessage: number
}

/** Who hears what became of a request. */
export interface Hearing {
  /** The whole answer, when it is no event stream. Nothing follows. */
  answered(status: number, headers: IncomingHttpHeaders, body: string): void
  /** An event stream begins. */
  streaming(headers: IncomingHttpHeaders): void
  event(event: EventSourceMessage): void
  retry(milliseconds: number): void
  /** The event stream ended (null), or the exchange failed. Nothing follows. */
  ended(failure: SendFailure | null): void
}

/** An exchange as those see it who began it. */
export interface Ongoing {
  /** Frees what it holds; nobody is told. */
  stop(): void
  expectSilence(expected: boolean): void
}

/**
 * One HTTP exchange on a pool. Its failure knows for certain whether the request was begun to be written. Redirects are
 * answers like any other.
 */
export class Exchange implements Dispatcher.DispatchHandler, Ongoing {
  readonly #request: HttpRequest
  readonly #hearing: Hearing
  #controller: Dispatcher.DispatchController | null = null
  #over = false
  #status = 0
  #headers: IncomingHttpHeaders = {}
  /** Of an answer in one piece. */
  readonly #body = new GatheredBytes()
  #first: Buffer | null = null
  #feed: ((chunk: Buffer) => boolean) | null = null
  #timer: NodeJS.Timeout | undefined
  #silenceExpected = false

  constructor(pool: Dispatcher, request: HttpRequest, hearing: Hearing) {
    this.#request = request
    this.#hearing = hearing
    const { method, path, headers, body } = request
    // Time is kept here: the library cannot be told that a silence is all right.
    pool.dispatch({ method, path, headers: headers as string[], body, headersTimeout: 0, bodyTimeout: 0 }, this)
  }

  /** Frees the connection; nobody is told. What waits for a connection is dropped before a byte of it is written. */
  stop(): void {
    if (this.#over) return
    this.#end()
    this.#controller?.abort(new Error('no longer wanted'))
  }

  expectSilence(expected: boolean): void {
    this.#silenceExpected = expected
    this.#timer?.refresh()
  }

  /** Called on a connection that is open, right before the first byte: what fails earlier was certainly not sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) return controller.abort(new Error('no longer wanted'))
    this.#controller = controller
    this.#arm(this.#request.head)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // What is only informational is followed by the answer.
    if (this.#over || status < 200) return
    const { maxMessage, head, silence } = this.#request
    this.#status = status
    this.#headers = headers
    if (head === silence) this.#timer?.refresh()
    else this.#arm(silence)
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      // Only bytes that are not compressed can be counted before they are unpacked.
      return this.#cut('it compressed its answer although it was asked not to', false)
    }
    if (status < 300 && isEventStream(headers)) {
      this.#feed = eventStream(maxMessage, this.#hearing)
      this.#hearing.streaming(headers)
    } else if (Number(headers['content-length'] ?? 0) > maxMessage) this.#cutTooLarge()
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    this.#timer?.refresh()
    if (this.#feed !== null) {
      if (!this.#feed(chunk)) this.#cutTooLarge()
      return
    }
    // Most answers come in one piece, which need not be copied.
    if (this.#first === null && chunk.length <= this.#request.maxMessage) return void (this.#first = chunk)
    if (this.#body.size === 0 && this.#first !== null) this.#body.add(this.#first)
    if (this.#body.size + chunk.length > this.#request.maxMessage) this.#cutTooLarge()
    else this.#body.add(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#end()
    if (this.#feed !== null) return this.#hearing.ended(null)
    const body = this.#body.size > 0 ? this.#body.take() : (this.#first ?? EMPTY)
    this.#hearing.answered(this.#status, this.#headers, body.toString('utf8'))
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return
    this.#end()
    const { message, retryable, fault } = sendFailure(error)
    const meaning = { sent: this.#controller !== null, retryable, ...(fault && { fault }) }
    this.#hearing.ended(new SendFailure(message, meaning, { cause: error }))
  }

  #arm(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = milliseconds === 0 ? undefined : setTimeout(() => this.#silent(milliseconds), milliseconds)
  }

  #silent(milliseconds: number): void {
    if (this.#silenceExpected) this.#timer?.refresh()
    else this.#cut(`it was silent for ${formatDuration(milliseconds)}`, true)
  }

  #cutTooLarge(): void {
    this.#cut(`its message is larger than ${this.#request.maxMessage} bytes`, false)
  }

  #cut(why: string, retryable: boolean): void {
    if (this.#over) return
    const failure = new SendFailure(why, { sent: true, retryable })
    this.stop()
    this.#hearing.ended(failure)
  }

  #end(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }
}

const EMPTY = Buffer.alloc(0)

function isEventStream(headers: IncomingHttpHeaders): boolean {
  return mediaType(headers) === 'text/event-stream'
}

/** The media type of an answer, without parameters. */
export function mediaType(headers: IncomingHttpHeaders): string {
  const type = headers['content-type'] ?? ''
  const end = type.indexOf(';')
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase()
}
