/** Where the time comes from. Domain code takes a clock; nothing but `systemClock` reads the ambient time. */
export interface Clock {
  /** Wall time, for records. May jump. */
  now(): Date
  /** Milliseconds from an arbitrary start that never go back, for durations. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
}

/** RFC 3339 in UTC with milliseconds. Written once for all who ask within the same millisecond. */
export function isoTime(date: Date): string {
  const millis = date.getTime()
  if (millis !== lastMillis) {
    lastText = date.toISOString()
    lastMillis = millis
  }
  return lastText
}

let lastMillis = NaN
let lastText = ''

export interface ManualClock extends Clock {
  /** Moves both readings forward. */
  advance(milliseconds: number): void
}

/** A clock that stands still until told otherwise. */
export function manualClock(start = '2026-01-01T00:00:00.000Z'): ManualClock {
  let elapsed = 0
  const origin = Date.parse(start)
  return {
    now: () => new Date(origin + elapsed),
    monotonic: () => elapsed,
    advance(milliseconds) {
      elapsed += milliseconds
    },
  }
}
