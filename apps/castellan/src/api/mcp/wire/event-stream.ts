import type { ServerResponse } from 'node:http'
import type { EventLog } from './event-log.ts'
import type { Beating } from './heartbeat.ts'

/** More than this not taken by a client means that it does not read, bytes. */
const MOST_UNREAD = 16 * 1024 * 1024
/** What a client is told to wait before it comes back for the rest of a broken stream, milliseconds. */
const RETRY = 1_000

/**
 * Messages to one client as server-sent events. With a log, each has an id, so that a client whose connection breaks can
 * take up the stream on another one; what is sent meanwhile waits in the log.
 *
 * Source: WHATWG HTML, server-sent events; MCP 2025-11-25, transports, resumability.
 */
export class EventStream implements Beating {
  readonly #log: EventLog | null
  /** Its number in the log; 0 without one. */
  readonly name: number
  #response: ServerResponse | null = null
  #ended = false

  constructor(log: EventLog | null) {
    this.#log = log
    this.name = log?.open() ?? 0
  }

  get connected(): boolean {
    return this.#response !== null
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Goes on over this response, after the event with this number when a client takes the stream up again. */
  attach(response: ServerResponse, headers: Readonly<Record<string, string>>, after: number | null = null): void {
    this.#response?.end()
    this.#response = response
    response.once('close', () => {
      if (this.#response === response) this.#response = null
    })
    response.writeHead(200, { ...EVENT_STREAM, ...headers })
    if (this.#log === null) return response.flushHeaders()
    // Names the stream before there is anything to say, so that it can be taken up again even then.
    if (after === null) this.#write(`id: ${this.#log.add(this.name, null)}\nretry: ${RETRY}\ndata: \n\n`)
    else {
      response.flushHeaders()
      for (const { id, text } of this.#log.after(this.name, after)) this.#write(event(id, text))
      if (this.#ended) this.#finish()
    }
  }

  send(text: string): void {
    if (this.#ended) return
    const id = this.#log?.add(this.name, text) ?? null
    this.#write(event(id, text))
  }

  /** Nothing follows. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#log?.ended(this.name)
    this.#finish()
  }

  /** Says something that clients skip. */
  beat(): void {
    this.#write(': alive\n\n')
  }

  #write(frame: string): void {
    const response = this.#response
    if (response === null) return
    if (response.writableLength <= MOST_UNREAD) return void response.write(frame)
    this.#response = null
    response.destroy()
  }

  #finish(): void {
    this.#response?.end()
    this.#response = null
  }
}

const EVENT_STREAM = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Proxies of the nginx kind would hold events back otherwise.
  'x-accel-buffering': 'no',
}

function event(id: string | null, text: string): string {
  return id === null ? `event: message\ndata: ${text}\n\n` : `event: message\nid: ${id}\ndata: ${text}\n\n`
}
