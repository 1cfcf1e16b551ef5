import { Zip, ZipDeflate } from 'fflate'

/** A file in the archive, its text coming in pieces. */
export interface ZipPart {
  readonly path: string
  readonly text: Iterable<string> | AsyncIterable<string>
}

/**
 * A ZIP archive as it grows. The same parts always become the same bytes, on any machine: what compresses is a program of its own
 * rather than the zlib of the platform, and all files are of one date. Source: PKWARE APPNOTE 6.3.10.
 */
export async function* zipped(parts: Iterable<ZipPart>): AsyncGenerator<Uint8Array> {
  // The format has the time of a clock on the wall, so that this is the same in every time zone; earlier there is none.
  const oldest = new Date(1980, 0, 1, 12)
  let ready: Uint8Array[] = []
  const zip = new Zip((error, bytes) => {
    if (error) throw error
    ready.push(bytes)
  })
  for (const { path, text } of parts) {
    const file = new ZipDeflate(path, { level: 6 })
    file.mtime = oldest
    zip.add(file)
    let pending = ''
    for await (const piece of text) {
      pending += piece
      if (pending.length < PIECE) continue
      file.push(Buffer.from(pending))
      pending = ''
      yield* ready
      ready = []
    }
    file.push(Buffer.from(pending), true)
    yield* ready
    ready = []
  }
  zip.end()
  yield* ready
}

const PIECE = 64 * 1024
