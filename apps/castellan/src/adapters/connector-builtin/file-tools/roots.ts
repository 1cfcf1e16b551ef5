import { basename } from 'node:path'
import type { JsonObject } from '../../../kernel/index.ts'
import { fields, refused } from '../tool.ts'
import { Folder, folderAt, isSame, unwilling } from './folder.ts'

export interface Place {
  /** Named only where there are several. */
  readonly root?: string
  readonly path: string
}

/** The folders that were granted, by name, and the way to what is in them. */
export class Roots {
  /** The last name of each folder; of those that would be called alike, the whole path. */
  readonly names: readonly string[]
  readonly #paths: readonly string[]
  readonly #hidden: boolean
  readonly #own: string

  /** `own` is the folder that no way leads into, wherever it is. */
  constructor(paths: readonly string[], hidden: boolean, own: string) {
    const last = paths.map(path => basename(path))
    this.names = last.map((name, index) =>
      name === '' || last.indexOf(name) !== last.lastIndexOf(name) ? paths[index]! : name,
    )
    this.#paths = paths
    this.#hidden = hidden
    this.#own = own
  }

  /** The input schema of a tool that is told a place, and more. */
  fields(more: Readonly<Record<string, JsonObject>>, optional: readonly string[] = []): JsonObject {
    const path = {
      type: 'string',
      maxLength: 4_096,
      description: 'From the root, with slashes, such as notes/today.md',
    }
    const root = { enum: [...this.names], description: 'The folder that the path begins in.' }
    return fields({ ...(this.names.length > 1 ? { root } : {}), path, ...more }, optional)
  }

  /** Throws `TOOL_REFUSED` for a root that cannot be used. */
  async check(): Promise<void> {
    for (const name of this.names) await (await this.#open(name)).close()
  }

  /** Whether a name is there for whoever asks. */
  shows(name: string): boolean {
    return this.#hidden || !name.startsWith('.')
  }

  /** Names from the root to a place; none for the root itself. Throws `TOOL_REFUSED`. */
  namesTo({ path }: Place): readonly string[] {
    if (path === '' || path === '.') return []
    if (path.startsWith('/')) throw refused(`"${path}" is absolute; paths begin in the root that was granted`)
    const names = path.replace(/\/$/, '').split('/')
    if (names.length > MOST_NAMES) throw refused(`the path has more than ${MOST_NAMES} names`)
    for (const name of names) {
      if (name === '' || name === '.' || name === '..') throw refused(`"${path}" has an empty name, "." or ".." in it`)
      if (/[\x00-\x1f\x7f]/.test(name)) throw refused('the path has a control character in it')
      if (!this.shows(name)) throw refused(`"${name}" is hidden, and hidden files were not granted`)
    }
    return names
  }

  /**
   * Does something in the folder that a place is in, with the last of its names: `.` for the root itself. With `make`, folders on
   * the way that are not there are made. Throws `TOOL_REFUSED`.
   */
  async within<T>(place: Place, make: boolean, act: (folder: Folder, name: string) => Promise<T>): Promise<T> {
    const names = this.namesTo(place)
    const last = names.at(-1)
    let folder = await this.#open(place.root)
    try {
      for (const name of names.slice(0, -1)) folder = await this.#step(folder, name, make)
      if (last === undefined) return await act(folder, '.')
      return await act(folder, last)
    } finally {
      await folder.close()
    }
  }

  /** Enters a folder, unless no tool gets to see it. Throws `TOOL_REFUSED`. */
  async enter(folder: Folder, name: string): Promise<Folder> {
    return this.#unlessClosed(await folder.enter(name))
  }

  async #step(folder: Folder, name: string, make: boolean): Promise<Folder> {
    if (make) await folder.make(name)
    const next = await this.enter(folder, name)
    await folder.close()
    return next
  }

  async #open(root: string | undefined): Promise<Folder> {
    if (root === undefined && this.names.length > 1) throw refused(`say which root: ${this.names.join(', ')}`)
    const index = root === undefined ? 0 : this.names.indexOf(root)
    const path = this.#paths[index]
    if (path === undefined) throw refused(`there is no root "${root}"; there are ${this.names.join(', ')}`)
    return this.#unlessClosed(await Folder.open(path).catch(unwilling(path)))
  }

  async #unlessClosed(folder: Folder): Promise<Folder> {
    try {
      const why = await this.#closed(folder)
      if (why !== null) throw refused(why)
      return folder
    } catch (error) {
      await folder.close()
      throw error
    }
  }

  /** Why nobody gets to see what is in a folder; null when that is for the operator to say. */
  async #closed(folder: Folder): Promise<string | null> {
    if (await folder.showsProcesses()) return 'what shows processes is no files'
    const own = await folderAt(this.#own)
    if (own === null || !isSame(own, await folder.stat())) return null
    return "this is the control plane's own folder, which no tool gets to see"
  }
}

const MOST_NAMES = 64
