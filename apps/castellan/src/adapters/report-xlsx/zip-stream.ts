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
  let ready: Uint8Array[] = []
  const zip = new Zip((error, bytes) => {
    if (error) throw error
    ready.push(bytes)
  })
  for (const { path, text } of parts) {
    const file = new ZipDeflate(path, { level: 6 })
    file.mtime = OLDEST
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

/** The first date that the format knows, in whatever time zone this is. */
const OLDEST = new Date(1980, 0, 1)
const PIECE = 64 * 1024
