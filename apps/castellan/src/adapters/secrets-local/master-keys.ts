import { hash } from 'node:crypto'
import { linkSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { MasterKeyRing } from '../../registry/index.ts'
import { masterKey, readMasterKey, replaceMasterKey, syncFolder } from './master-key.ts'

/** Master keys by their ids: 8 hex digits, the beginning of the digest of the key. */
export interface MasterKeys {
  /** Id of the one to wrap under. */
  readonly current: string
  get(id: string): Uint8Array | undefined
}

/** One key that is never replaced. */
export function oneKey(master: Uint8Array): MasterKeys {
  const current = idOf(master)
  return { current, get: id => (id === current ? master : undefined) }
}

/**
 * The key in a file, and beside it, as `<file>.<id>`, those that came before and are still needed. Made when there is none.
 * Throws what {@link masterKey} throws, for every one of them.
 */
export class KeyFiles implements MasterKeys, MasterKeyRing {
  readonly #path: string
  #keys = new Map<string, Uint8Array>()
  #current = ''

  constructor(path: string) {
    this.#path = path
    this.#read(masterKey(path))
  }

  get current(): string {
    return this.#current
  }

  get older(): readonly string[] {
    return [...this.#keys.keys()].filter(id => id !== this.#current)
  }

  /** A key that is not known may have been put there since, by hand or by another node that shares the folder. */
  get(id: string): Uint8Array | undefined {
    if (!this.#keys.has(id)) this.#read(masterKey(this.#path))
    return this.#keys.get(id)
  }

  replace(): void {
    // Under its second name first: at no moment is a key that something is wrapped under without a file.
    try {
      linkSync(this.#path, `${this.#path}.${this.#current}`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    syncFolder(dirname(this.#path))
    this.#read(replaceMasterKey(this.#path))
  }

  forget(id: string): void {
    if (id === this.#current) return
    rmSync(`${this.#path}.${id}`, { force: true })
    syncFolder(dirname(this.#path))
    this.#keys.delete(id)
  }

  #read(current: Uint8Array): void {
    this.#current = idOf(current)
    const keys = new Map([[this.#current, current]])
    const older = new RegExp(`^${basename(this.#path).replaceAll('.', String.raw`\.`)}\\.([0-9a-f]{8})$`)
    for (const name of readdirSync(dirname(this.#path))) {
      const [, id] = older.exec(name) ?? []
      if (id === undefined || keys.has(id)) continue
      const key = readMasterKey(`${this.#path}.${id}`)
      if (key && idOf(key) === id) keys.set(id, key)
    }
    this.#keys = keys
  }
}

function idOf(master: Uint8Array): string {
  return hash('sha256', master).slice(0, 8)
}
