import { fault, parseDuration } from '../kernel/index.ts'

/** In how many milliseconds a run is to start; a time that has passed is now. Throws `REQUEST_INVALID` when it is said twice. */
export function startIn(
  said: { readonly start_in?: string | undefined; readonly start_at?: string | undefined },
  now: Date,
): number {
  const { start_in: duration, start_at: time } = said
  if (duration !== undefined && time !== undefined)
    throw fault('REQUEST_INVALID', { why: 'it may have one of "start_in" and "start_at"' })
  if (duration !== undefined) return parseDuration(duration)
  return time === undefined ? 0 : Math.max(0, Date.parse(time) - now.getTime())
}
