import { setTimeout as delay } from 'node:timers/promises'
import { isFault } from '../kernel/index.ts'

/**
 * Does something that needs the store, again and again as long as that cannot be used. Resolves with undefined once the signal aborts;
 * throws every other fault.
 */
export async function insist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await work()
    } catch (error) {
      if (!isFault(error, 'STORE_UNAVAILABLE')) throw error
      await delay(PAUSE, undefined, { signal }).catch(() => undefined)
    }
  }
  return undefined
}

/** Milliseconds. */
const PAUSE = 500
