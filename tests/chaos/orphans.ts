import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds within which whatever a killed control plane had started must be gone. */
const PATIENCE = 8_000

interface Marked {
  readonly pid: number
  readonly parent: number
  /** Of the control plane that started it, or whose reaper it is. */
  readonly instance: string
  readonly command: string
}

/**
 * Waits until no process of this run is left but those of the living control plane. `token` is a variable all of them
 * inherit. Returns how long that took, and who was still there after {@link PATIENCE}.
 */
export async function noOrphans(token: string, living: number | null, dead: Set<string>) {
  const started = performance.now()
  for (;;) {
    const marked = await findMarked()
    const ours = marked.filter(each => each.command.includes(token) || dead.has(each.instance))
    const live = new Set(ours.filter(each => each.parent === living).map(each => each.instance))
    const orphans = ours.filter(each => !live.has(each.instance))
    const milliseconds = performance.now() - started
    if (orphans.length === 0) return { milliseconds, left: [] }
    // Only those of one control plane share a mark, and this one is gone.
    for (const each of orphans) dead.add(each.instance)
    if (milliseconds > PATIENCE) {
      return { milliseconds, left: orphans.map(each => `process ${each.pid} was left: ${each.command}`) }
    }
    await delay(20)
  }

  async function findMarked(): Promise<Marked[]> {
    const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
    const found = await Promise.all(pids.map(pid => read(pid)))
    return found.filter(each => each !== null)
  }

  async function read(pid: string): Promise<Marked | null> {
    try {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
      const command = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).replaceAll('\0', ' ')
      // Servers carry the mark in their environment, the reaper of a control plane among its arguments.
      const instance = /CASTELLAN_INSTANCE=([0-9a-f-]{36})/.exec(`${environment}\0${command}`)?.[1]
      if (instance === undefined) return null
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      const ours = environment.includes(token) ? `${command} (${token})` : command
      return { pid: Number(pid), parent, instance, command: ours }
    } catch {
      // It has just ended.
      return null
    }
  }
}
