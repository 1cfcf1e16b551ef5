import type { Terminal } from './world.ts'

/** Milliseconds that pass in silence: most things are over by then. */
const PATIENCE = 1_000
const FRAME = 100
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/**
 * Resolves as `work` does. When that takes more than a second and a person watches, one line says what is being waited for
 * and for how long; it is gone afterwards.
 */
export async function waitingFor<T>(
  what: string,
  work: Promise<T>,
  { interactive, err }: Pick<Terminal, 'interactive' | 'err'>,
): Promise<T> {
  if (!interactive) return work
  const started = performance.now()
  let drawn = 0
  const timer = setInterval(() => {
    const passed = performance.now() - started
    if (passed < PATIENCE) return
    err(`\r${FRAMES[drawn++ % FRAMES.length]} ${what} … ${Math.floor(passed / 1_000)} s\u001B[K`)
  }, FRAME)
  try {
    return await work
  } finally {
    clearInterval(timer)
    if (drawn > 0) err('\r\u001B[K')
  }
}
