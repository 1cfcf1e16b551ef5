import type { CallerClient } from '../../gate/index.ts'

/** From the least severe. Source: MCP, logging; RFC 5424 section 6.2.1. */
const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

/** Whether the client of a call wants to hear a log message of this level. */
export function wantsToHear({ logLevel, takesInputRequired }: CallerClient, level: unknown): boolean {
  // Clients of the stateless revisions hear nothing unless they ask for it; to others a server may say what it likes.
  if (logLevel === null) return !takesInputRequired
  return typeof level !== 'string' || !levels.includes(level) || levels.indexOf(level) >= levels.indexOf(logLevel)
}

/**
 * The level of a legacy server, which is one for all its clients: the least severe that any of them has asked for so far.
 * `set` is called when that changes.
 */
export function leastSevere(
  set: (level: string) => Promise<unknown>,
): (wanted: string | null) => Promise<unknown> | null {
  let lowest = Number.POSITIVE_INFINITY
  return wanted => {
    const at = wanted === null ? -1 : levels.indexOf(wanted)
    if (at === -1 || at >= lowest) return null
    lowest = at
    return set(levels[at]!)
  }
}
