import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { GatheredBytes } from './gathered-bytes.ts'

const LF = 0x0a
const CR = 0x0d

export interface EventSink {
  event(event: EventSourceMessage): void
  /** The server wants this many milliseconds between the end of a stream and the next attempt. */
  retry(milliseconds: number): void
}

/**
 * Takes the next bytes of a `text/event-stream` (WHATWG HTML, section 9.2); false once an event in it is larger than
 * `max`, after which it takes no more. The stream as a whole may be of any length.
 */
export function eventStream(max: number, sink: EventSink): (chunk: Buffer) => boolean {
  // It also takes off the byte order mark, which the parser would take for a part of the first field.
  const decoder = new TextDecoder()
  let fits = true
  const parser = createParser({
    maxBufferSize: max,
    onEvent: event => {
      // What was complete in one chunk is never buffered, and a chunk is small; but the bound is the bound.
      if (event.data.length > max) fits = false
      if (fits) sink.event(event)
    },
    onRetry: milliseconds => sink.retry(milliseconds),
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') fits = false
    },
  })
  // The parser keeps what it cannot use yet as it came, so that pieces of a line are joined here.
  const piece = new GatheredBytes()
  return chunk => {
    if (!fits) return false
    if (!chunk.includes(LF) && !chunk.includes(CR)) {
      if (piece.size + chunk.length > max) fits = false
      else piece.add(chunk)
    } else parser.feed(decoder.decode(piece.take(chunk), { stream: true }))
    return fits
  }
}
