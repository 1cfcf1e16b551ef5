const LF = 0x0a
const CR = 0x0d

/** Takes the next bytes of a body; false once a message in it is larger than allowed. */
export type MessageBound = (chunk: Buffer) => boolean

/** For a body that is one message. */
export function wholeBody(max: number): MessageBound {
  let size = 0
  return chunk => (size += chunk.length) <= max
}

/** For `text/event-stream`, which may flow for ever: counts from blank line to blank line, whatever its line ends are. */
export function eventStream(max: number): MessageBound {
  let size = 0
  let last = 0
  return chunk => {
    if (chunk.length === 0) return true
    const first = chunk[0]!
    // A line end, then another: CR LF is one line end, so LF after CR does not count.
    let end = (last === LF && (first === LF || first === CR)) || (last === CR && first === CR) ? 1 : 0
    for (const blank of ['\n\n', '\n\r', '\r\r'])
      end = Math.max(end, chunk.lastIndexOf(blank) + 1 && chunk.lastIndexOf(blank) + 2)
    last = chunk[chunk.length - 1]!
    if (end === 0) return (size += chunk.length) <= max
    // What comes before the boundary may be too large as well, though a chunk is at most some kilobytes.
    const fits = size <= max
    size = chunk.length - end
    return fits && size <= max
  }
}
