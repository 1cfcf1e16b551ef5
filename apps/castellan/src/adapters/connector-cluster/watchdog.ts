/** Calls back while the other side has shown no sign of life for so many milliseconds. */
export class Watchdog {
  readonly #timer: NodeJS.Timeout
  #heard = performance.now()

  constructor(silence: number, onSilence: () => void) {
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heard > silence) onSilence()
    }, silence / 4)
  }

  /** The other side said something. */
  hear(): void {
    this.#heard = performance.now()
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
