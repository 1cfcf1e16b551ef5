import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { digestJson } from '../../kernel/index.ts'
import type { CedarModule } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'

/**
 * Remembers which texts Cedar found valid, in a file when it is given one: to validate the same text at every start would
 * take longer than all else that a start does with policies. An entry is the digest of everything the answer depends on, so
 * that a new version of Cedar or of the schema begins anew. Without its file it only forgets; it never fails.
 */
export class ValidTexts {
  readonly #file: string | null
  readonly #known: Set<string>

  constructor(file: string | null) {
    this.#file = file
    this.#known = new Set(file === null ? [] : linesOf(file))
  }

  has(cedar: CedarModule, text: string): boolean {
    return this.#known.has(entryOf(cedar, text))
  }

  add(cedar: CedarModule, text: string): void {
    this.#known.add(entryOf(cedar, text))
    for (const oldest of this.#known) {
      if (this.#known.size <= MOST) break
      this.#known.delete(oldest)
    }
    if (this.#file !== null) write(this.#file, [...this.#known].join('\n'))
  }
}

/** Files of policies; a large installation has some hundred. */
const MOST = 2_000

function entryOf(cedar: CedarModule, text: string): string {
  return digestJson([cedar.getCedarSDKVersion(), cedarSchema, text])
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-MOST)
  } catch {
    return []
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch {
    // The next start validates again.
  }
}
