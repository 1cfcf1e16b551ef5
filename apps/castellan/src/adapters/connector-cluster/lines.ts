import type { Duplex } from 'node:stream'

/** Bytes of one message; more is a mistake. */
const LONGEST = 256 * 1024 * 1024

/** Messages in both directions over a stream of bytes: JSON, one a line. */
export class Lines {
  readonly #stream: Duplex
  #parts: Buffer[] = []
  #length = 0

  constructor(stream: Duplex, onMessage: (message: unknown) => void) {
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const line of this.#split(chunk)) onMessage(JSON.parse(line.toString('utf8')) as unknown)
      } catch (error) {
        stream.destroy(error as Error)
      }
    })
  }

  send(message: object): void {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`)
  }

  /** Bytes that the other side has not taken yet. */
  get backlog(): number {
    return this.#stream.writableLength
  }

  *#split(chunk: Buffer): Generator<Buffer> {
    let rest = chunk
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield this.#parts.length === 0 ? rest.subarray(0, end) : Buffer.concat([...this.#parts, rest.subarray(0, end)])
      this.#parts = []
      this.#length = 0
      rest = rest.subarray(end + 1)
    }
    if (rest.length === 0) return
    this.#parts.push(rest)
    this.#length += rest.length
    if (this.#length > LONGEST) throw new Error('a message is too long')
  }
}
