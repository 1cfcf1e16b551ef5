import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, rename, unlink } from 'node:fs/promises'
import { fields, refused, tool, type Tool } from '../tool.ts'
import { type Folder, unwilling } from './folder.ts'
import type { Place, Roots } from './roots.ts'

type Mode = 'create' | 'overwrite' | 'append'

interface Wish extends Place {
  readonly content: string
  readonly encoding?: 'text' | 'base64'
  readonly mode?: Mode
  readonly make_folders?: boolean
}

/** Writes files whole or not at all; only what is appended is added in place. `most` is in bytes. */
export function writeFile(roots: Roots, most: number): Tool {
  return tool<Wish>(
    {
      name: 'write_file',
      description: `Writes a file of at most ${most} bytes: a new one, in place of one that may be there (overwrite), or at its end (append). Readers see the old file or the new one, never a part.`,
      inputSchema: roots.fields(
        {
          content: { type: 'string' },
          encoding: { enum: ['text', 'base64'], description: 'Of the content; text unless told.' },
          mode: {
            enum: ['create', 'overwrite', 'append'],
            description: 'create unless told: it fails when the file is there.',
          },
          make_folders: {
            type: 'boolean',
            description: 'Whether folders on the way are made when they are not there.',
          },
        },
        ['encoding', 'mode', 'make_folders'],
      ),
      outputSchema: fields({ path: { type: 'string' }, bytes: { type: 'integer' }, size: { type: 'integer' } }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
    async (wish, { signal }) => {
      const { path, encoding = 'text', mode = 'create', make_folders: make = false } = wish
      const bytes = bytesIn(wish.content, encoding)
      if (bytes.length > most) throw refused(`the content has ${bytes.length} bytes, and ${most} are the most`)
      const size = await roots.within(wish, make, async (folder, name) => {
        if (name === '.') throw refused('the root is a folder; name a file in it')
        const there = await folder.look(name)
        if (there && !there.isFile()) throw refused(`"${name}" is not a regular file`)
        if (mode === 'append' && there) return append(folder, name, bytes, most)
        if (mode === 'create' && there)
          throw refused(`"${name}" is there already; say overwrite or append if that is meant`)
        await replace(folder, name, bytes, there ? Number(there.mode & 0o777n) : 0o666, mode, signal).catch(
          unwilling(name),
        )
        return bytes.length
      })
      return {
        structured: { path, bytes: bytes.length, size },
        text: `${path}: ${bytes.length} bytes written, ${size} in all`,
      }
    },
  )
}

/** Resolves with the size of the file then. */
async function append(folder: Folder, name: string, bytes: Buffer, most: number): Promise<number> {
  const file = await folder.file(name, constants.O_WRONLY | constants.O_APPEND)
  try {
    const size = (await file.stat()).size + bytes.length
    if (size > most) throw refused(`the file would have ${size} bytes, and ${most} are the most`)
    await file.appendFile(bytes)
    await file.sync()
    return size
  } catch (error) {
    return unwilling(name)(error)
  } finally {
    await file.close()
  }
}

/** By way of a file beside it, which takes its name once it is whole and on disk. */
async function replace(
  folder: Folder,
  name: string,
  bytes: Buffer,
  permissions: number,
  mode: Mode,
  signal: AbortSignal,
): Promise<void> {
  const draft = folder.at(`.castellan-${randomBytes(8).toString('hex')}`)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(draft, flags, permissions)
  try {
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    signal.throwIfAborted()
    if (mode === 'overwrite') return await rename(draft, folder.at(name))
    // Fails when somebody else was first, where a new name for the draft would take the place of theirs.
    await link(draft, folder.at(name))
  } finally {
    await unlink(draft).catch(() => undefined)
    await folder.sync()
  }
}

function bytesIn(content: string, encoding: 'text' | 'base64'): Buffer {
  if (encoding === 'text') return Buffer.from(content.toWellFormed(), 'utf8')
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(content))
    throw refused('the content is not base64')
  return Buffer.from(content, 'base64')
}
