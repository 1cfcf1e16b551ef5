/**
 * The port by which processes on one store tell each other that the journal has grown, so that readers look at once instead of when
 * they would have anyway. Hints and nothing more: they may be late, merged, repeated or lost, and carry no content. Every adapter
 * passes `fanout.testsuite.ts`.
 */
export interface Fanout {
  /** There are entries up to this offset. Never waits and never fails; what is said in quick succession goes as one. */
  announce(offset: number): void
  /** Calls back with what other processes of the same installation announced, until the returned function is called. */
  onAnnounced(listener: (offset: number) => void): () => void
  /** Why nobody hears anybody now; null when all is well. Free of secrets. */
  readonly trouble: string | null
  /** Afterwards no socket or timer is left. Idempotent. */
  close(): Promise<void>
}

/**
 * Says the highest of many numbers, at once when it was quiet before, and then at most every so many milliseconds. What is stopped
 * says nothing more.
 */
export function calmly(
  milliseconds: number,
  say: (offset: number) => void,
): { readonly add: (offset: number) => void; readonly stop: () => void } {
  let highest = -1
  let timer: NodeJS.Timeout | null = null
  let stopped = false
  const turn = () => {
    timer = null
    if (highest < 0 || stopped) return
    const offset = highest
    highest = -1
    timer = setTimeout(turn, milliseconds)
    say(offset)
  }
  return {
    add(offset) {
      highest = Math.max(highest, offset)
      if (timer === null) turn()
    },
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
