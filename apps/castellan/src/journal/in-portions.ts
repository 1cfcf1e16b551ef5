import { isFault } from '../kernel/index.ts'

/** What became of the first of what is kept until somebody sees to it. */
export interface Portion {
  readonly done: number
  /** How much is kept afterwards. */
  readonly left: number
  /** After which to go on; null when there is nothing else to be tried. */
  readonly next: string | null
}

/** `full`: neither this nor any after it can be seen to now. */
export type SeenTo = 'done' | 'stays' | 'full'

/**
 * Sees to one after the other, at most to `limit` of them, and begins none once enough time has passed; at least one is tried, so whoever goes on after the last
 * gets through. What is not there any more (`NOT_FOUND`) was seen to by somebody else.
 */
export async function inPortions<T>(
  kept: readonly T[],
  limit: number,
  seeTo: (one: T) => Promise<SeenTo>,
  enough: AbortSignal = AbortSignal.timeout(PATIENCE),
): Promise<{ readonly done: number; readonly last: T | null }> {
  let done = 0
  for (const [index, one] of kept.entries()) {
    const seen = await unlessGone(seeTo(one))
    if (seen === 'full') break
    if (seen === 'done') done++
    const more = index + 1 < kept.length
    if (more && (index + 1 === limit || enough.aborted)) return { done, last: one }
  }
  return { done, last: null }
}

async function unlessGone(seen: Promise<SeenTo>): Promise<SeenTo> {
  try {
    return await seen
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return 'stays'
    throw error
  }
}

/** Milliseconds. */
const PATIENCE = 20_000
