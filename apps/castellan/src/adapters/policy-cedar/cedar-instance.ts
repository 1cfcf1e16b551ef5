import { createRequire } from 'node:module'
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

/** The package makes its instance when it is first required; required anew, it makes another (about 20 ms). */
function instantiate(): CedarModule {
  // A new `require` each time: the old one would keep every instance it has ever loaded.
  const require = createRequire(import.meta.url)
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs')
  delete require.cache[path]
  try {
    return require(path) as CedarModule
  } finally {
    delete require.cache[path]
  }
}
