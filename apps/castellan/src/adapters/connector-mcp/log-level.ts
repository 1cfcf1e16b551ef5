import { type CallerClient, logLevels } from '../../gate/index.ts'

/** Whether the client of a call wants to hear a log message of this level. */
export function wantsToHear({ logLevel, takesInputRequired }: CallerClient, level: unknown): boolean {
  // Clients of the stateless revisions hear nothing unless they ask for it; to others a server may say what it likes.
  if (logLevel === null) return !takesInputRequired
  return (
    typeof level !== 'string' || !logLevels.includes(level) || logLevels.indexOf(level) >= logLevels.indexOf(logLevel)
  )
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
    const at = wanted === null ? -1 : logLevels.indexOf(wanted)
    if (at === -1 || at >= lowest) return null
    lowest = at
    return set(logLevels[at]!)
  }
}
