import { stat } from 'node:fs/promises'
import type { Digest } from '../../kernel/index.ts'
import { BundleProblem } from './bundle-problem.ts'
import { type Bounds, Evaluator } from './evaluator.ts'
import { type Bundle, readBundle } from './read-bundle.ts'

/** A bundle that was read and is ready to be asked. */
export interface InForce {
  readonly evaluator: Evaluator
  readonly digest: Digest
  readonly revision: string | null
}

/**
 * Keeps in force the last good bundle that lay at a path. A file that changed is read anew when it is asked for, at most so often;
 * until the new one has passed its trial, and for ever if it does not, the one before decides.
 */
export class BundleInForce {
  readonly #path: string
  readonly #bounds: Bounds
  readonly #lookEvery: number
  readonly #trial: (evaluator: Evaluator) => Promise<void>
  readonly #onRefused: (why: string) => void
  #inForce: InForce | null = null
  #refused: string | null = 'it was not read yet'
  #seen = ''
  #lookedAt = -Infinity
  #looking: Promise<void> | null = null
  #closed = false

  constructor(given: {
    readonly path: string
    readonly bounds: Bounds
    /** Milliseconds. */
    readonly lookEvery: number
    /** Throws {@link BundleProblem} for a bundle that should not be put in force. */
    readonly trial: (evaluator: Evaluator) => Promise<void>
    /** Told once of each file that was not taken. */
    readonly onRefused: (why: string) => void
  }) {
    this.#path = given.path
    this.#bounds = given.bounds
    this.#lookEvery = given.lookEvery
    this.#trial = given.trial
    this.#onRefused = given.onRefused
  }

  /** The bundle in force; null when there is none. Waits for a look only as long as there is none. */
  async get(): Promise<InForce | null> {
    if (performance.now() - this.#lookedAt >= this.#lookEvery) void this.look()
    if (!this.#inForce) await this.#looking
    return this.#inForce
  }

  /** Why the file as it is now is not in force; null when it is. */
  get refused(): string | null {
    return this.#refused
  }

  /** Resolves when the file as it is now was looked at. */
  look(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#lookedAt = performance.now()
    this.#looking ??= this.#look().finally(() => (this.#looking = null))
    return this.#looking
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#looking
    await this.#inForce?.evaluator.close()
    this.#inForce = null
  }

  async #look(): Promise<void> {
    const mark = await markOf(this.#path)
    if (mark === this.#seen) return
    this.#seen = mark
    try {
      const next = await this.try(await readBundle(this.#path))
      if (this.#closed) return await next.evaluator.close()
      const before = this.#inForce
      this.#inForce = next
      this.#refused = null
      await before?.evaluator.retire()
    } catch (error) {
      this.#refused = error instanceof BundleProblem ? error.message : 'cannot be loaded'
      this.#onRefused(this.#refused)
    }
  }

  /** A bundle that could be put in force, and is not. Throws {@link BundleProblem}. Whoever asked closes its evaluator. */
  async try(bundle: Bundle): Promise<InForce> {
    const evaluator = await Evaluator.start(bundle, this.#bounds)
    try {
      await this.#trial(evaluator)
    } catch (error) {
      await evaluator.close()
      throw error
    }
    return { evaluator, digest: bundle.digest, revision: bundle.revision }
  }
}

/** Different for every file that was ever there, as far as the file system can tell. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
