import { StringDecoder } from 'node:string_decoder'

/** Cuts a stream of bytes into lines; an unfinished one waits for its rest. */
export class LineReader {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  read(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }
}
