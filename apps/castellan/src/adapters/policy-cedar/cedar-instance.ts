import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'

export type CedarModule = typeof Cedar

/**
 * A Cedar of one's own that can be thrown away. Every exception that leaves the WebAssembly module leaks a piece of its
 * stack, and some leave it unable to answer anything ever again; so whoever catches one asks again through a new instance.
 */
export class CedarInstance {
  #module: CedarModule | undefined
  #generation = 0

  /** Counts the instances there have been: what was prepared in one generation is unknown to the next. */
  get generation(): number {
    return this.#generation
  }

  /** Runs one question. Whatever it throws is passed on, after the instance has been given up. */
  ask<T>(question: (cedar: CedarModule) => T): T {
    this.#module ??= instantiate()
    try {
      return question(this.#module)
    } catch (error) {
      this.#module = undefined
      this.#generation++
      throw error
    }
  }
}

/** The version of Cedar, known without an instance of it. */
export function cedarVersion(): string {
  const module = createRequire(import.meta.url).resolve(MODULE)
  return (JSON.parse(readFileSync(join(dirname(module), 'package.json'), 'utf8')) as { version: string }).version
}

/** The package makes its instance when it is first required; required anew, it makes another (about 20 ms). */
function instantiate(): CedarModule {
  // A new `require` each time: the old one would keep every instance it has ever loaded.
  const require = createRequire(import.meta.url)
  const path = require.resolve(MODULE)
  delete require.cache[path]
  // WebAssembly is optimized, on other threads and with some 35 MB, where it is hot; by default reading a policy once counts
  // as that. A module keeps the budget it was made with. Compiled code is of no use under other flags, not even that which
  // Node brings of its own modules: so they are other only for so long.
  setFlagsFromString(`--wasm-tiering-budget=${PATIENT}`)
  try {
    return require(path) as CedarModule
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${USUAL}`)
    delete require.cache[path]
  }
}

const MODULE = '@cedar-policy/cedar-wasm/nodejs'
/** In bytes of code executed. */
const PATIENT = 200_000_000
/** What V8 has by itself. */
const USUAL = 13_000_000
