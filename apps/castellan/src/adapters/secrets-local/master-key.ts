import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { fault } from '../../kernel/index.ts'

const KEY_BYTES = 32

/**
 * The 32 bytes of the key file, which is created readable by its owner alone when there is none.
 * Throws `SECRET_UNREADABLE` when others may read it, when it is not exactly 32 bytes long, or when it can be neither
 * read nor made. A wrong key file is never replaced: everything sealed under it would be lost.
 */
export function masterKey(path: string): Uint8Array {
  return (
    readMasterKey(path) ??
    create(path) ??
    readMasterKey(path) ??
    refuse(path, 'it vanished while it was read; start again')
  )
}

/** Puts a new key in the place of the one in a file, which is there under another name as well. At once or not at all. */
export function replaceMasterKey(path: string): Uint8Array {
  const key = randomBytes(KEY_BYTES)
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`
  try {
    writeFileSync(draft, key, { flag: 'wx', mode: 0o600, flush: true })
    renameSync(draft, path)
  } catch (cause) {
    rmSync(draft, { force: true })
    throw unusable(path, cause)
  }
  syncFolder(dirname(path))
  return key
}

/** As {@link masterKey}; undefined when there is no file. */
export function readMasterKey(path: string): Uint8Array | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw unusable(path, cause)
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) refuse(path, 'it is not a file')
    if ((stats.mode & 0o077) !== 0) {
      refuse(path, `others may read it (mode ${(stats.mode & 0o777).toString(8)}); run: chmod 600 ${path}`)
    }
    if (stats.size !== KEY_BYTES)
      refuse(path, `it has ${stats.size} bytes and a key has ${KEY_BYTES}; restore it from a backup`)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/** Undefined when somebody else was faster. */
function create(path: string): Uint8Array | undefined {
  const key = randomBytes(KEY_BYTES)
  // Written aside and linked into place: a crash leaves no half key, and of two first starts only one makes it.
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`
  try {
    writeFileSync(draft, key, { flag: 'wx', mode: 0o600, flush: true })
    linkSync(draft, path)
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return undefined
    throw unusable(path, cause)
  } finally {
    rmSync(draft, { force: true })
  }
  syncFolder(dirname(path))
  return key
}

export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function unusable(path: string, cause: unknown) {
  const why = `the key file can be neither read nor made (${codeOf(cause)})`
  return fault('SECRET_UNREADABLE', { name: path, why }, { cause })
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}

function refuse(path: string, why: string): never {
  throw fault('SECRET_UNREADABLE', { name: path, why })
}
