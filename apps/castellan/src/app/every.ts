/** Work that is done again and again until the process stops. */
export interface Loop {
  /** Resolves when the turn under way, if any, has ended; no other begins. */
  stop(): Promise<void>
}

/**
 * Runs `turn` every so many milliseconds, never twice at once. A turn that throws is told of and does not end the loop.
 */
export function every(
  milliseconds: number,
  turn: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): Loop {
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout
  const schedule = () => {
    timer = setTimeout(() => {
      running = turn(stopping.signal)
        .catch(onError)
        .finally(() => {
          if (!stopping.signal.aborted) schedule()
        })
    }, milliseconds)
  }
  schedule()
  return {
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}
