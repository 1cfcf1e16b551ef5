import type { Clock } from './clock.ts'

type Circuit =
  | { readonly is: 'closed'; readonly failures: number; readonly last: number }
  | { readonly is: 'open'; readonly until: number }
  /** One call is out to see whether the server is back. */
  | { readonly is: 'halfOpen' }

export interface BreakerSettings {
  /** Failures in a row that open the circuit. */
  readonly threshold: number
  /** Milliseconds it stays open before one call may try. */
  readonly rest: number
  /** Milliseconds within which failures are one: what breaks for all who use it does so once. None unless told. */
  readonly together?: number
}

export const defaultBreaker: BreakerSettings = { threshold: 5, rest: 10_000, together: 100 }

export type CircuitState = Circuit['is']

/** Circuit breakers by key, so that who keeps failing gets rest, and callers an answer at once. */
export class Breakers {
  readonly #clock: Clock
  readonly #settings: BreakerSettings
  readonly #circuits = new Map<string, Circuit>()

  constructor(clock: Clock, settings: BreakerSettings = defaultBreaker) {
    this.#clock = clock
    this.#settings = settings
  }

  /** Asks to try; false means rest. Whoever got true reports with {@link succeeded}, {@link failed} or {@link abandoned}. */
  admit(key: string): boolean {
    const circuit = this.#circuits.get(key)
    if (!circuit || circuit.is === 'closed') return true
    if (circuit.is === 'halfOpen' || this.#clock.monotonic() < circuit.until) return false
    this.#circuits.set(key, { is: 'halfOpen' })
    return true
  }

  succeeded(key: string): void {
    this.#circuits.delete(key)
  }

  /** The state it led to, when it changed. */
  failed(key: string): CircuitState | undefined {
    const circuit = this.#circuits.get(key) ?? { is: 'closed', failures: 0, last: -Infinity }
    if (circuit.is === 'open') return undefined
    const { threshold, together = 0 } = this.#settings
    const now = this.#clock.monotonic()
    if (circuit.is === 'closed') {
      if (now - circuit.last < together) return undefined
      const failures = circuit.failures + 1
      if (failures < threshold) {
        this.#circuits.set(key, { is: 'closed', failures, last: now })
        return undefined
      }
    }
    this.#circuits.set(key, { is: 'open', until: now + this.#settings.rest })
    return 'open'
  }

  /** The try said nothing about the server: it was cancelled before an answer. */
  abandoned(key: string): void {
    if (this.#circuits.get(key)?.is === 'halfOpen')
      this.#circuits.set(key, { is: 'open', until: this.#clock.monotonic() })
  }

  state(key: string): CircuitState {
    return this.#circuits.get(key)?.is ?? 'closed'
  }

  /** Milliseconds until a call may try, 0 when it may now. */
  restsFor(key: string): number {
    const circuit = this.#circuits.get(key)
    return circuit?.is === 'open' ? Math.max(0, circuit.until - this.#clock.monotonic()) : 0
  }
}
