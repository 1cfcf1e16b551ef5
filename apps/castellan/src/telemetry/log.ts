import { isoTime } from '../kernel/index.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** Facts about one event. Never arguments, results, prompts or secrets. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  (level: Level, event: string, facts?: Facts): void
}

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

export interface LogSettings {
  readonly level: Level
  readonly format: 'json' | 'text'
  readonly write: (line: string) => void
  readonly now: () => Date
  /** Takes known secrets out of whatever slipped in. */
  readonly mask: (text: string) => string
}

/** One line an event: JSON for machines, or words for a person who watches. */
export function logTo(settings: LogSettings): Log {
  return (level, event, facts = {}) => {
    if (RANK[level] < RANK[settings.level]) return
    const time = isoTime(settings.now())
    const line =
      settings.format === 'json' ? JSON.stringify({ time, level, event, ...facts }) : inWords(time, level, event, facts)
    settings.write(`${settings.mask(line)}\n`)
  }
}

function inWords(time: string, level: Level, event: string, facts: Facts): string {
  const said = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null)
  // Control characters could rewrite the terminal of whoever reads.
  const words = said.map(([key, value]) => `${key}=${String(value).replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')}`)
  return [time.slice(11, 23), level.padEnd(5), event.padEnd(24), ...words].join(' ')
}
