import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { EventLog, eventPlace } from '../../apps/castellan/src/api/mcp/wire/event-log.ts'
import { EventStream } from '../../apps/castellan/src/api/mcp/wire/event-stream.ts'
import { type Target, trial } from './target.ts'

/** Fewer characters than a log keeps for one client. */
const WITHIN_BOUND = 200 * 1024

export const brokenStreams: Target = {
  name: 'broken-streams',
  promise: 'a client that takes up its broken streams again gets every event once and in order',
  runs: 20,
  async open() {
    // Each stream hands over its own responses, by the path they were asked for.
    const attach = new Map<string, (response: ServerResponse, after: number | null) => void>()
    const server = createServer((request, response) => {
      const id = request.headers['last-event-id']
      const after = typeof id === 'string' ? eventPlace(id) : null
      attach.get(request.url ?? '')?.(response, after?.number ?? null)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return trial(
      histories,
      async ({ streams, steps }) => {
        attach.clear()
        const log = new EventLog(() => 0)
        const pairs = Array.from({ length: streams }, (_, index) => {
          const stream = new EventStream(log)
          attach.set(`/${index}`, (response, after) => stream.attach(response, {}, after))
          return { stream, reader: new Reader(`${origin}/${index}`), sent: [] as string[] }
        })
        for (const { reader } of pairs) await reader.begin()
        let size = 0
        for (const { of, does, length } of steps) {
          const { stream, reader, sent } = pairs[of % streams]!
          if (does === 'break') reader.break()
          else if (does === 'resume') await reader.begin()
          else if (size + length < WITHIN_BOUND) {
            size += length
            const text = `${sent.length}:${'x'.repeat(length)}`
            stream.send(text)
            sent.push(text)
          }
        }
        for (const { stream, reader, sent } of pairs) {
          // As a client does that was never told the end; it may well break off again while the rest is on its way.
          await reader.begin()
          stream.end()
          await reader.ended
          assert.deepEqual(reader.texts.map(short), sent.map(short))
        }
      },
      () =>
        new Promise(resolve => {
          server.close(() => resolve())
          server.closeAllConnections()
        }),
    )
  },
}

const histories = fc.record({
  streams: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(
    fc.record({
      of: fc.nat(2),
      does: fc.constantFrom('send', 'send', 'send', 'break', 'resume'),
      length: fc.oneof({ weight: 9, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(70_000) }),
    }),
    { maxLength: 25 },
  ),
})

/** A client of one stream, which comes back after the last event it has seen. */
class Reader {
  readonly texts: string[] = []
  ended: Promise<unknown> = Promise.resolve()
  readonly #url: string
  #lastId: string | null = null
  #response: IncomingMessage | null = null

  constructor(url: string) {
    this.#url = url
  }

  /** Over a new connection; the one before is let go. */
  async begin(): Promise<void> {
    this.break()
    const headers = this.#lastId === null ? {} : { 'last-event-id': this.#lastId }
    const asking = get(this.#url, { agent: false, headers })
    asking.on('error', () => undefined)
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    this.#response = response
    this.ended = once(response, 'close')
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      // What is still in its pipes when a client has broken off is nothing to it.
      if (this.#response !== response) return
      const events = (text + chunk).split('\n\n')
      text = events.pop()!
      for (const event of events) this.#hear(event)
    })
    response.on('error', () => undefined)
    // The first event names the stream, so that it can be taken up again.
    while (this.#lastId === null) await once(response, 'data')
  }

  break(): void {
    const response = this.#response
    this.#response = null
    response?.destroy()
  }

  #hear(event: string): void {
    this.#lastId = /^id: (.*)$/m.exec(event)?.[1] ?? this.#lastId
    const data = /^data: (.*)$/m.exec(event)?.[1] ?? ''
    if (data !== '') this.texts.push(data)
  }
}

function short(text: string): string {
  return `${text.slice(0, 8)} (${text.length})`
}
