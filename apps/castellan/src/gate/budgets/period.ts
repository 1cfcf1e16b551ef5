import type { Window } from './budget.ts'

/** One turn of a window. */
export interface Period {
  /** Sorts by time among those of the same window. */
  readonly key: string
  /** Milliseconds since 1970; the end is the beginning of the next. */
  readonly start: number
  readonly end: number
}

/** The period of a window that a moment lies in, by the calendar of UTC. */
export function periodOf(window: Window, at: Date): Period {
  const [year, month, day, hour] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours()]
  switch (window) {
    case 'total':
      return { key: 'total', start: -Infinity, end: Infinity }
    case 'hour':
      return span(at, 13, Date.UTC(year, month, day, hour), Date.UTC(year, month, day, hour + 1))
    case 'day':
      return span(at, 10, Date.UTC(year, month, day), Date.UTC(year, month, day + 1))
    case 'month':
      return span(at, 7, Date.UTC(year, month), Date.UTC(year, month + 1))
    default:
      throw window satisfies never
  }
}

/** When a period ends, RFC 3339; null when never. */
export function endOf({ end }: Period): string | null {
  return end === Infinity ? null : new Date(end).toISOString()
}

function span(at: Date, digits: number, start: number, end: number): Period {
  return { key: at.toISOString().slice(0, digits), start, end }
}
