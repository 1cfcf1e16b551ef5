import type { JournalEvent } from '@castellan/contracts'
import type { Http, Query } from './http.ts'
import { ApiProblem, Unreachable } from './problem.ts'

/**
 * Journal events as they come, without a gap or a repetition when a connection breaks and is made again. Throws what the
 * first connection throws, and later only what trying again would not mend.
 */
export async function* events(http: Http, query: Query, signal: AbortSignal): AsyncGenerator<JournalEvent> {
  let last: string | undefined
  for (let failures = 0; !signal.aborted;) {
    try {
      const headers = last === undefined ? undefined : { 'last-event-id': last }
      const response = await http.open('GET', '/api/journal/tail', { query, signal, headers })
      for await (const { id, data } of messages(response)) {
        failures = 0
        last = id ?? last
        if (data !== undefined) yield JSON.parse(data) as JournalEvent
      }
    } catch (error) {
      if (signal.aborted) return
      // Before the first answer nobody knows whether there is anything to go on with.
      if (last === undefined || !mends(error)) throw error
    }
    await pause(Math.min(10_000, 250 * 2 ** failures++), signal)
  }
}

/** What `fetch` throws when a body breaks off is a `TypeError`. */
function mends(error: unknown): boolean {
  if (error instanceof ApiProblem) return error.problem.retryable
  return error instanceof Unreachable || error instanceof TypeError
}

interface Message {
  readonly id: string | undefined
  readonly data: string | undefined
}

/** Source: WHATWG HTML, server-sent events; our stream has one line for each field, and ends lines with LF. */
async function* messages(response: Response): AsyncGenerator<Message> {
  if (!response.body) return
  let pending = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    pending += chunk
    for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
      const lines = pending.slice(0, end).split('\n')
      pending = pending.slice(end + 2)
      yield { id: field(lines, 'id: '), data: field(lines, 'data: ') }
    }
  }
}

function field(lines: readonly string[], name: string): string | undefined {
  return lines.find(line => line.startsWith(name))?.slice(name.length)
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = () => resolve()
  const timer = setTimeout(wake, milliseconds)
  signal.addEventListener('abort', wake, { once: true })
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', wake)
}
