import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const main = new URL('../../apps/castellan/src/main.ts', import.meta.url).pathname
/** Milliseconds after which a start or an end counts as a hang. */
const PATIENCE = 60_000

/** A control plane as a process of its own. */
export class Plane {
  readonly url: string
  readonly pid: number
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** What it wrote to its error stream. */
  said = ''
  isStill = false
  readonly #child: ChildProcess
  readonly #started = performance.now()

  constructor(
    port: number,
    data: string,
    flags: readonly string[] = [],
    { node = [], variables = {} }: PlaneSettings = {},
  ) {
    this.url = `http://127.0.0.1:${port}`
    const { PATH, HOME } = process.env
    this.#child = spawn(
      process.execPath,
      [...node, main, 'up', '--port', String(port), '--data', data, '--log-level', 'error', ...flags],
      { env: { PATH, HOME, ...variables }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#child.stderr!.setEncoding('utf8').on('data', text => (this.said += text))
    this.pid = this.#child.pid!
    const kill = () => this.kill()
    // Whoever gives up in the midst leaves nobody behind.
    process.once('exit', kill)
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      process.off('exit', kill)
      return (code ?? signal) as number | string
    })
  }

  /** Resolves, once it said that it is ready, with how long that took. */
  async ready(): Promise<Start> {
    const end = performance.now() + PATIENCE
    while (performance.now() < end) {
      if (await isReady(this.url)) {
        const milliseconds = performance.now() - this.#started
        return { milliseconds, queued: queuedFor(this.pid) }
      }
      if (this.isGone) throw new Error(`the control plane ended instead of starting: ${this.said}`)
      await delay(5)
    }
    throw new Error(`the control plane was not ready after ${PATIENCE} ms: ${this.said}`)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Stands still for so many milliseconds, as a machine that is suspended does. */
  async standStill(milliseconds: number): Promise<void> {
    this.isStill = true
    this.#child.kill('SIGSTOP')
    await delay(milliseconds)
    this.#child.kill('SIGCONT')
    this.isStill = false
  }

  /** Asks it to end, and resolves with its exit code. */
  async stop(): Promise<number | string> {
    this.#child.kill('SIGTERM')
    return Promise.race([this.ended, delay(PATIENCE, 'a hang', { ref: false })])
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

export interface PlaneSettings {
  /** Flags of Node. */
  readonly node?: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
}

/** How long a start took, in milliseconds. */
export interface Start {
  readonly milliseconds: number
  /** How much of that the process was ready to go on and others had the processor; 0 where the kernel does not tell. */
  readonly queued: number
}

/** Source: Linux, Documentation/scheduler/sched-stats.rst: time on the processor and on the run queue, nanoseconds. */
function queuedFor(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1_000_000
  } catch {
    return 0
  }
}

function isReady(url: string): Promise<boolean> {
  return new Promise(resolve => {
    const asking = get(`${url}/ready`, { agent: false, timeout: 1_000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asking.on('error', () => resolve(false)).on('timeout', () => asking.destroy())
  })
}
