import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Looks until nothing is found, at most this often: a process that cannot be killed must not hold us up for ever. */
const MOST_LOOKS = 100

/**
 * Kills every process whose environment holds the mark, also those that left their process group, and resolves when none
 * is left. Does nothing where there is no /proc. A process that cleared its environment is not found.
 */
export async function sweep(mark: string): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const found = await findMarked(mark)
    if (found.length === 0) return
    for (const pid of found) kill(pid, 'SIGKILL')
    await delay(10)
  }
}

/** Signals a process, or with a negative number a group; one that is gone is no failure. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already, or not ours to end.
  }
}

/** Ids of the processes whose environment holds the mark. */
export async function findMarked(mark: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const hits = await Promise.all(
    pids.map(async pid => {
      // Latin-1 keeps every byte; a process that is gone, or another user's, has nothing to read.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      return environment.includes(mark) ? Number(pid) : null
    }),
  )
  return hits.filter(pid => pid !== null)
}
