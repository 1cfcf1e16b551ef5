import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { fields, refused, tool, type Tool } from '../tool.ts'
import { unwilling } from './folder.ts'
import type { Place, Roots } from './roots.ts'

interface Wish extends Place {
  readonly offset?: number
  readonly length?: number
  readonly encoding?: 'text' | 'base64'
}

/** Reads a file, or a part of it. `most` is in bytes. */
export function readFile(roots: Roots, most: number): Tool {
  return tool<Wish>(
    {
      name: 'read_file',
      description: `Reads a file, at most ${most} bytes at once: the whole of it, or from "offset" on. As text it must be UTF-8; anything can be read as base64. "next_offset" says where to go on; null at the end.`,
      inputSchema: roots.fields(
        {
          offset: { type: 'integer', minimum: 0, description: 'First byte; 0 unless told.' },
          length: { type: 'integer', minimum: 1, maximum: most, description: 'Most bytes.' },
          encoding: { enum: ['text', 'base64'], description: 'text unless told.' },
        },
        ['offset', 'length', 'encoding'],
      ),
      outputSchema: fields({
        path: { type: 'string' },
        size: { type: 'integer' },
        offset: { type: 'integer' },
        bytes: { type: 'integer' },
        next_offset: { type: ['integer', 'null'] },
        encoding: { enum: ['text', 'base64'] },
        content: { type: 'string' },
      }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async wish => {
      const { offset = 0, length = most, encoding = 'text' } = wish
      const { size, bytes } = await roots.within(wish, false, async (folder, name) => {
        const file = await folder.file(name, constants.O_RDONLY)
        try {
          const { size } = await file.stat().catch(unwilling(name))
          return { size, bytes: await bytesOf(file, offset, length).catch(unwilling(name)) }
        } finally {
          await file.close()
        }
      })
      if (offset > size) throw refused(`the file has ${size} bytes, and offset ${offset} is beyond its end`)
      const shown = encoding === 'text' && offset + bytes.length < size ? wholeCharacters(bytes) : bytes
      const content = encoding === 'text' ? textOf(shown) : shown.toString('base64')
      const end = offset + shown.length
      const structured = {
        path: wish.path,
        size,
        offset,
        bytes: shown.length,
        next_offset: end < size ? end : null,
        encoding,
        content,
      }
      return { structured, text: content }
    },
  )
}

/** So many bytes of a file, or as many as there are. */
async function bytesOf(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, offset + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return buffer.subarray(0, read)
}

/** Without the beginning of a character of UTF-8 that goes on beyond the end. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) break
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0
    if (needs > 0) return needs > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw refused('it is not text in UTF-8 there; read it as base64, or begin where a character does', { cause })
  }
}
