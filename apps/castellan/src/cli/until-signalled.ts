const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Milliseconds in which signals count as one: a terminal signals the whole group, and launchers pass theirs on besides. */
const ONE_WISH = 500

let asked: AbortController | undefined

/** Aborts when the process is asked to end; a second request ends it at once. */
export function untilSignalled(): AbortSignal {
  if (asked) return asked.signal
  const ending = (asked = new AbortController())
  let first: number | undefined
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now()
      if (first !== undefined && now - first > ONE_WISH) process.exit(EXIT_CODES[signal])
      first ??= now
      ending.abort()
    })
  }
  return ending.signal
}
