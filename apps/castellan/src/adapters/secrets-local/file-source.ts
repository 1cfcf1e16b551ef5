import { type FileHandle, open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fault } from '../../kernel/index.ts'
import type { SecretSource } from '../../registry/index.ts'

/** Bytes. */
const LARGEST = 65_536

/**
 * Files below a folder, each with one secret; a line break at its end is not part of it. `{tenant}` in the folder stands for the
 * tenant; `only` is who may read where it does not stand. Links may lead about within the folder, as those of mounted secrets do,
 * and not out of it.
 */
export function fileSource(folder: string, only: string): SecretSource {
  async function read(tenant: string, name: string): Promise<string> {
    if (!isRelativeName(name)) throw unreadable(name, 'it is no plain path such as database/password')
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(tenant)) throw unreadable(name, MISSING)
    if (!folder.includes('{tenant}') && tenant !== only) throw unreadable(name, MISSING)
    let file: FileHandle | undefined
    try {
      const root = await realpath(folder.replaceAll('{tenant}', tenant))
      const path = await realpath(join(root, name))
      if (!path.startsWith(root + sep)) throw unreadable(name, MISSING)
      file = await open(path, 'r')
      const stats = await file.stat()
      if (!stats.isFile()) throw unreadable(name, MISSING)
      if (stats.size > LARGEST) throw unreadable(name, `its file is larger than ${LARGEST} bytes`)
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
        .decode(await file.readFile())
        .replace(/\r?\n$/, '')
    } catch (error) {
      throw faultOf(name, error)
    } finally {
      await file?.close()
    }
  }

  return { read, close: () => Promise.resolve() }
}

const MISSING = 'there is no such file for this tenant; put it into the folder of the setting secrets.files'

/** Names with slashes between them, none of which leads up. */
function isRelativeName(name: string): boolean {
  return name.length <= 500 && name.split('/').every(part => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(part))
}

function faultOf(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'Fault') return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return unreadable(name, MISSING)
  if (error instanceof TypeError) return unreadable(name, 'its file is not UTF-8 text')
  return unreadable(name, `its file cannot be read (${code ?? 'unknown error'})`)
}

function unreadable(name: string, why: string) {
  return fault('SECRET_UNREADABLE', { name, why })
}
