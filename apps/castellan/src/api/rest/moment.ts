import { parseDuration } from '../../kernel/index.ts'

/** A time, or how long ago it was. */
export function momentOf(given: string, now: Date): Date {
  return /^\d+[a-z]+$/.test(given) ? new Date(Math.max(0, now.getTime() - parseDuration(given))) : new Date(given)
}
