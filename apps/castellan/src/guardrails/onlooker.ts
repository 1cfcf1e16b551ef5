import type { Sight } from './sight.ts'

/**
 * Looks at long texts where it holds nobody up. What it sees is what the detectors see here. Never rejects: a text that it cannot
 * look at, because looking ends whoever looks, has all detectors unavailable.
 */
export interface Onlooker {
  /** Null when it has too much to do, and the text is better looked at here. */
  look(text: string): Promise<Sight | null>
  /** Ends what it looks with. What is under way is seen by nobody: all detectors are unavailable. */
  close(): Promise<void>
}
