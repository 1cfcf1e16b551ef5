import type { Terminal } from './world.ts'

/** Milliseconds that pass in silence: most things are over by then. */
const PATIENCE = 1_000
const FRAME = 100
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** One line that shows how much of something is done; gone with {@link Bar.end}. Says nothing where nobody watches. */
export class Bar {
  readonly #terminal: Pick<Terminal, 'interactive' | 'err'>
  #drawn = ''

  constructor(terminal: Pick<Terminal, 'interactive' | 'err'>) {
    this.#terminal = terminal
  }

  /** `what` says in a word or two what is being done, `of` how much of it there is. */
  show(what: string, done: number, of: number): void {
    const part = of === 0 ? 1 : done / of
    const full = Math.round(part * WIDTH)
    const line = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(part * 100)).padStart(3)} %  ${what}`
    if (!this.#terminal.interactive || line === this.#drawn) return
    this.#drawn = line
    this.#terminal.err(`\r${line}\u001B[K`)
  }

  end(): void {
    if (this.#drawn !== '') this.#terminal.err('\r\u001B[K')
    this.#drawn = ''
  }
}

const WIDTH = 24

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
