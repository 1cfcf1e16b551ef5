import { fault } from './fault.ts'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof UNITS

/**
 * Milliseconds of a duration written as `250ms`, `30s`, `5m`, `2h` or `7d`.
 * Throws `DURATION_INVALID`: no bare numbers, since nobody remembers their unit.
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text)
  const milliseconds = match ? Number(match[1]) * UNITS[match[2] as Unit] : NaN
  if (!Number.isSafeInteger(milliseconds)) throw fault('DURATION_INVALID', { given: text })
  return milliseconds
}

/** The shortest exact way to write so many milliseconds; reads back with {@link parseDuration}. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (milliseconds >= UNITS[unit] && milliseconds % UNITS[unit] === 0) return `${milliseconds / UNITS[unit]}${unit}`
  }
  return `${milliseconds}ms`
}
