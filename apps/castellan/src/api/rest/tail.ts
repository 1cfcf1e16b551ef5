import { once } from 'node:events'
import type { FastifyReply } from 'fastify'
import { cloudEvent, type EntryFilter, follow, type JournalStore } from '../../journal/index.ts'

interface Tailing {
  /** Offset after which to begin. */
  readonly from: number
  readonly filter: EntryFilter
  /** Asked with every heartbeat, so that a stream does not outlive the credentials it was opened with. */
  readonly mayGoOn: () => Promise<boolean>
}

/**
 * Answers with the journal as it grows, as Server-Sent Events, until the client leaves, the server stops, or the client may
 * no longer see it. Source: WHATWG HTML, server-sent events.
 */
export async function tail(
  reply: FastifyReply,
  store: JournalStore,
  { from, filter, mayGoOn }: Tailing,
): Promise<void> {
  const { raw } = reply
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  if (raw.closed) gone.abort()
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) raw.setHeader(name, value as string)
  raw.writeHead(200, { 'content-type': 'text/event-stream' })
  // The offset first, so that a client whose connection breaks before the first entry misses none.
  raw.write(`id: ${from}\n\n`)
  const heartbeat = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': still here\n\n')
    void mayGoOn().then(allowed => allowed || gone.abort())
  }, HEARTBEAT)
  try {
    for await (const entry of follow(store, from, gone.signal, filter)) {
      const text = `id: ${entry.offset}\nevent: ${entry.type}\ndata: ${JSON.stringify(cloudEvent(entry))}\n\n`
      // A reader that does not read gets no more until it does: the journal keeps it all, memory would not.
      if (!raw.write(text)) await once(raw, 'drain', { signal: gone.signal })
    }
  } catch (error) {
    // What waits for a reader that left is told so, and a store that cannot be read is asked again when the client is back.
    if (!gone.signal.aborted) throw error
  } finally {
    clearInterval(heartbeat)
    raw.end()
  }
}

const HEARTBEAT = 15_000
