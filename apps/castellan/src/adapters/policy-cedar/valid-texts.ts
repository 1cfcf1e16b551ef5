import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { digestJson, once } from '../../kernel/index.ts'
import { cedarVersion } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'

/**
 * Remembers which texts Cedar found valid, and which sets of files were in force, in a file when it is given one: to find
 * that out at every start would take longer than all else that a start does with policies. An entry is the digest of
 * everything the answer depends on, so that a new version of Cedar, of the schema or of our own checks begins anew. Without its
 * file it only forgets; it never fails.
 */
export class ValidTexts {
  readonly #file: string | null
  readonly #known: Set<string>

  constructor(file: string | null) {
    this.#file = file
    this.#known = new Set(file === null ? [] : linesOf(file))
  }

  has(text: string): boolean {
    return this.#known.has(entryOf(text))
  }

  add(text: string): void {
    this.#add(entryOf(text))
  }

  hasSet(files: Readonly<Record<string, string>>): boolean {
    return this.#known.has(entryOfSet(files))
  }

  addSet(files: Readonly<Record<string, string>>): void {
    this.#add(entryOfSet(files))
  }

  #add(entry: string): void {
    this.#known.add(entry)
    for (const oldest of this.#known) {
      if (this.#known.size <= MOST) break
      this.#known.delete(oldest)
    }
    if (this.#file !== null) write(this.#file, [...this.#known].join('\n'))
  }
}

/** Files of policies; a large installation has some hundred. */
const MOST = 2_000

/** Counts up when we ask more of a set than before, so that those in force are asked as well. */
const CHECKS = 1

function entryOf(text: string): string {
  return digestJson([version(), cedarSchema, text])
}

function entryOfSet(files: Readonly<Record<string, string>>): string {
  return digestJson([version(), cedarSchema, CHECKS, files])
}

const version = once(cedarVersion)

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
