const NEWLINE = 0x0a

export interface LineSplitter {
  /** Takes the next bytes; false when a line has grown beyond the limit. */
  push(chunk: Buffer): boolean
  /** Gives what follows the last newline, once no more will come. */
  flush(): void
}

/** Cuts a byte stream into lines of at most `limit` bytes, joining what came in pieces only once. Blank lines are skipped. */
export function lineSplitter(limit: number, onLine: (line: string) => void): LineSplitter {
  let pieces: Buffer[] = []
  let size = 0

  const take = (last: Buffer): void => {
    const line = (size === 0 ? last : Buffer.concat([...pieces, last])).toString('utf8')
    pieces = []
    size = 0
    if (line.trim() !== '') onLine(line)
  }

  return {
    push(chunk) {
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        const piece = chunk.subarray(start, end)
        start = end + 1
        if (size + piece.length > limit) return false
        take(piece)
      }
      const rest = chunk.subarray(start)
      if (rest.length > 0) pieces.push(rest)
      size += rest.length
      return size <= limit
    },
    flush: () => take(Buffer.alloc(0)),
  }
}
