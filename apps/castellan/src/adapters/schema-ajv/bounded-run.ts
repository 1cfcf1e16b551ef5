import { createContext, Script } from 'node:vm'

/**
 * Runs a synchronous function and ends it when it takes longer than so many milliseconds, wherever it is: in a loop, in a
 * recursion, in a regular expression. Returns what it returned, or `timedOut`; throws what it throws.
 *
 * Costs about 40 µs, for the thread that watches.
 */
export function boundedRun<T>(milliseconds: number, work: () => T): T | typeof timedOut {
  stage.work = work
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T
  } catch (error) {
    // No `instanceof`: the error is one of the context.
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return timedOut
    throw error
  } finally {
    stage.work = null
  }
}

export const timedOut = Symbol('timed out')

// The context is not a sandbox: the function keeps its own. It is only where the watched run begins.
const stage: { work: (() => unknown) | null } = { work: null }
const context = createContext(stage)
const script = new Script('work()')
