import type { JournalEvent } from '@castellan/contracts'
import type { Http, Query } from './http.ts'
import { Unreachable } from './problem.ts'

/** Journal events as they come, without a gap or a repetition when a connection breaks and is made again. */
export async function* events(http: Http, query: Query, signal: AbortSignal): AsyncGenerator<JournalEvent> {
  let last: number | undefined
  for (let failures = 0; !signal.aborted;) {
    try {
      const headers = last === undefined ? undefined : { 'last-event-id': String(last) }
      const response = await http.open('GET', '/api/journal/tail', { query, signal, headers })
      for await (const event of parse(response)) {
        failures = 0
        last = event.offset
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      // Before the first answer nobody knows whether there is anything to go on with.
      if (last === undefined || !(error instanceof Unreachable || error instanceof TypeError)) throw error
    }
    await pause(Math.min(10_000, 250 * 2 ** failures++), signal)
  }
}

/** Source: WHATWG HTML, server-sent events; our stream has one `data` line an event. */
async function* parse(response: Response): AsyncGenerator<JournalEvent> {
  if (!response.body) return
  let pending = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    pending += chunk
    for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
      const data = pending
        .slice(0, end)
        .split('\n')
        .find(line => line.startsWith('data: '))
      pending = pending.slice(end + 2)
      if (data !== undefined) yield JSON.parse(data.slice('data: '.length)) as JournalEvent
    }
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
}
