import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, opendir, stat, statfs } from 'node:fs/promises'
import { isFault } from '../../../kernel/index.ts'
import { refused } from '../tool.ts'

/**
 * An open folder. Whatever is in it is reached through its descriptor and by one name, and links are never followed: so nobody
 * can put something else in the place of what was looked at. Linux only, since it goes through `/proc/self/fd`.
 */
export class Folder {
  readonly #handle: FileHandle

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Opens a folder that the operator named: links lead where they lead. */
  static async open(path: string): Promise<Folder> {
    return new Folder(await open(path, constants.O_RDONLY | constants.O_DIRECTORY))
  }

  /** The path of a name in here, whatever happens to the folder meanwhile. */
  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`
  }

  /** Throws `TOOL_REFUSED` for what is no folder. */
  async enter(name: string): Promise<Folder> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
    return new Folder(await open(this.at(name), flags).catch(unwilling(name)))
  }

  /** Makes a folder, unless there is something of the name. Throws `TOOL_REFUSED`. */
  async make(name: string): Promise<void> {
    await mkdir(this.at(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') unwilling(name)(error)
    })
  }

  /** Opens a regular file. Nothing else is ever opened: devices and pipes do things when they are. Throws `TOOL_REFUSED`. */
  async file(name: string, flags: number): Promise<FileHandle> {
    const seen = await open(this.at(name), O_PATH | constants.O_NOFOLLOW).catch(unwilling(name))
    try {
      if (!(await seen.stat()).isFile()) throw refused(`"${name}" is not a regular file`)
      return await open(`/proc/self/fd/${seen.fd}`, flags).catch(unwilling(name))
    } finally {
      await seen.close()
    }
  }

  /** What a name stands for; of a link itself. Null when there is none. Throws `TOOL_REFUSED`. */
  async look(name: string): Promise<BigIntStats | null> {
    try {
      return await lstat(this.at(name), { bigint: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      return unwilling(name)(error)
    }
  }

  /** Names in no order, read bit by bit. */
  async *names(): AsyncGenerator<string> {
    for await (const { name } of await opendir(this.at('.')).catch(unwilling('.'))) yield name
  }

  stat(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true })
  }

  /** Whether it is of the file system by which processes are seen: their variables, memory and open files. */
  async showsProcesses(): Promise<boolean> {
    return (await statfs(this.at('.')).catch(unwilling('.'))).type === PROC
  }

  /** Makes what was done to names last. */
  async sync(): Promise<void> {
    await this.#handle.sync().catch((error: NodeJS.ErrnoException) => {
      // Some file systems do so by themselves, and know of no such wish.
      if (error.code !== 'EINVAL') throw error
    })
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Says what the system says of a name, in a sentence. */
export function unwilling(name: string): (error: unknown) => never {
  return error => {
    if (isFault(error)) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    throw refused(`"${name}" ${words[code] ?? `cannot be used (${code})`}`, { cause: error })
  }
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'may not be used by the control plane',
  EPERM: 'may not be used by the control plane',
  EROFS: 'cannot be changed: its file system is read-only',
  ENOENT: 'is not there',
  EEXIST: 'is there already',
  EISDIR: 'is a folder',
  ELOOP: 'is a link, and links are not followed',
  ENOTDIR: 'is not a folder; links are not followed',
  ENOTEMPTY: 'is not empty',
  ENOSPC: 'cannot be written: there is no space left',
  EDQUOT: 'cannot be written: there is no space left',
  ENAMETOOLONG: 'is longer than a name may be',
}

/** Opens what a name stands for without doing anything to it. Source: open(2); Node has no name for it. */
const O_PATH = 0o10000000
/** Source: statfs(2), `PROC_SUPER_MAGIC`. */
const PROC = 0x9fa0

/** Whether two looks are at the same thing. */
export function isSame(one: Pick<BigIntStats, 'dev' | 'ino'>, other: Pick<BigIntStats, 'dev' | 'ino'>): boolean {
  return one.dev === other.dev && one.ino === other.ino
}

/** The folder at a path, as it is now; null when there is none. */
export function folderAt(path: string): Promise<BigIntStats | null> {
  return stat(path, { bigint: true }).catch(() => null)
}
