import { GatheredBytes } from './gathered-bytes.ts'

const NEWLINE = 0x0a

export interface LineSplitter {
  /** Takes the next bytes; false when a line has grown beyond the limit. */
  push(chunk: Buffer): boolean
  /** Gives what follows the last newline, once no more will come. */
  flush(): void
}

/** Cuts a byte stream into lines of at most `limit` bytes. Blank lines are skipped. */
export function lineSplitter(limit: number, onLine: (line: string) => void): LineSplitter {
  const begun = new GatheredBytes()

  const take = (last: Buffer): void => {
    const line = begun.take(last).toString('utf8')
    if (line.length > SHORTEST || line.trim() !== '') onLine(line)
  }

  return {
    push(chunk) {
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        const piece = chunk.subarray(start, end)
        start = end + 1
        if (begun.size + piece.length > limit) return false
        take(piece)
      }
      if (begun.size + chunk.length - start > limit) return false
      begun.add(chunk.subarray(start))
      return true
    },
    flush: () => take(Buffer.alloc(0)),
  }
}

/** No longer line is worth the search whether it is blank, since it is read anyway. */
const SHORTEST = 64
