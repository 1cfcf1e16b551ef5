import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds within which whatever a killed control plane had started must be gone. */
const PATIENCE = 8_000

/** Finds what control planes of one run started and did not end. `token` is a variable that all of it inherits. */
export class Orphans {
  readonly #token: string
  /** Marks of control planes of this run. */
  readonly #instances = new Set<string>()

  constructor(token: string) {
    this.#token = token
  }

  /** Takes note of what there is now, so that a reaper, which does not carry the token, is known by its mark later. */
  async remember(): Promise<void> {
    for (const { inherits, instance } of await marked(this.#token)) if (inherits) this.#instances.add(instance)
  }

  /**
   * Waits until no process is left but those of the living control plane. Returns how long that took in milliseconds, and
   * who was still there when patience was at its end; they are ended.
   */
  async gone(living: number | null): Promise<{ readonly milliseconds: number; readonly left: string[] }> {
    const started = performance.now()
    for (;;) {
      await this.remember()
      const ours = (await marked(this.#token)).filter(({ instance }) => this.#instances.has(instance))
      const live = new Set(ours.filter(({ parent }) => parent === living).map(({ instance }) => instance))
      const left = ours.filter(({ instance }) => !live.has(instance))
      const milliseconds = performance.now() - started
      if (left.length === 0) return { milliseconds, left: [] }
      if (milliseconds > PATIENCE) {
        for (const { pid } of left) kill(pid)
        return { milliseconds, left: left.map(({ pid, command }) => `process ${pid} was left: ${command}`) }
      }
      await delay(20)
    }
  }
}

interface Marked {
  readonly pid: number
  readonly parent: number
  /** Of the control plane that started it, or whose reaper it is. */
  readonly instance: string
  readonly command: string
  /** Whether it carries the token. */
  readonly inherits: boolean
}

async function marked(token: string): Promise<Marked[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const found = await Promise.all(pids.map(pid => read(pid, token)))
  return found.filter(each => each !== null)
}

async function read(pid: string, token: string): Promise<Marked | null> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
    const command = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).replaceAll('\0', ' ')
    // Servers carry the mark in their environment, the reaper of a control plane among its arguments.
    const instance = /CASTELLAN_INSTANCE=([0-9a-f-]{36})/.exec(`${environment}\0${command}`)?.[1]
    if (instance === undefined) return null
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    return { pid: Number(pid), parent, instance, command, inherits: environment.includes(token) }
  } catch {
    // It has just ended, or is somebody else's.
    return null
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended after all.
  }
}
