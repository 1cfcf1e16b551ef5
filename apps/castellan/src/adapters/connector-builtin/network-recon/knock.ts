import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../../kernel/index.ts'

/** `open`: somebody took the connection; `closed`: it was refused; `silent`: nothing came back, or no way leads there. */
export type PortState = 'open' | 'closed' | 'silent'

export interface Knocked {
  readonly state: PortState
  /** What was said without being asked, as it came; empty when nothing was. */
  readonly banner: Buffer
}

export interface KnockSettings {
  /** Milliseconds. */
  readonly timeout: number
  readonly concurrency: number
  /** Connections begun in a second. */
  readonly rate: number
}

/** Makes TCP connections and sends nothing on them: so many at once and in a second, whoever asks. */
export class Knocker {
  readonly #settings: KnockSettings
  readonly #clock: Clock
  #next = 0
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(settings: KnockSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#free = settings.concurrency
  }

  /** With `listen`, hears out who takes the connection: so many bytes at most, and as long as a connection may take. Rejects when aborted. */
  async knock(address: string, port: number, listen: number, signal: AbortSignal): Promise<Knocked> {
    await this.#enter()
    try {
      await this.#turn(signal)
      return await this.#connect(address, port, listen, signal)
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const now = this.#clock.monotonic()
    const at = Math.max(now, this.#next)
    this.#next = at + 1_000 / this.#settings.rate
    if (at > now) await setTimeout(at - now, undefined, { signal })
  }

  #connect(host: string, port: number, listen: number, signal: AbortSignal): Promise<Knocked> {
    const { promise, resolve, reject } = Promise.withResolvers<Knocked>()
    const socket: Socket = connect({ host, port })
    const heard: Buffer[] = []
    let size = 0
    let state: PortState = 'silent'
    const end = () => {
      socket.destroy()
      resolve({ state, banner: Buffer.concat(heard).subarray(0, listen) })
    }
    const onAbort = () => {
      socket.destroy()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const timer = globalThis.setTimeout(end, this.#settings.timeout)
    socket.on('connect', () => {
      state = 'open'
      if (listen === 0) end()
      else timer.refresh()
    })
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk)
      size += chunk.length
      if (size >= listen || chunk.includes(0x0a)) end()
    })
    socket.on('end', end)
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (state !== 'open' && code === 'ECONNREFUSED') state = 'closed'
      end()
    })
    return promise.finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    })
  }
}
