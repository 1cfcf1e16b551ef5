import { readFileSync } from 'node:fs'

/** Milliseconds between two looks. */
const PAUSE = 200

/**
 * Looks again and again at how much memory a process and all below it hold, what they share in memory included, and tells once when it
 * is more than so many bytes. Returns what ends the watch.
 *
 * No limit of the kernel does this for everybody: those of one process count what it reserves, and programs such as Node
 * reserve far more than they use; control groups are for who may make them.
 */
export function watchMemory(pid: number, most: number, onMore: () => void): () => void {
  const timer = setInterval(() => {
    if (memoryOf(pid) <= most) return
    clearInterval(timer)
    onMore()
  }, PAUSE)
  return () => clearInterval(timer)
}

/** Whether memory can be watched here at all. */
export function canWatchMemory(): boolean {
  return read(`/proc/${process.pid}/task/${process.pid}/children`) !== null && memoryOf(process.pid) > 0
}

/** Bytes that a process and all below it hold. What has ended meanwhile holds nothing. */
function memoryOf(pid: number): number {
  let bytes = 0
  const rest = [pid]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const status = read(`/proc/${next}/status`) ?? ''
    for (const [, kilobytes] of status.matchAll(/^Rss(?:Anon|Shmem):\s*(\d+) kB$/gm)) bytes += Number(kilobytes) * 1024
    rest.push(...(read(`/proc/${next}/task/${next}/children`)?.trim().split(' ').filter(Boolean).map(Number) ?? []))
  }
  return bytes
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return null
  }
}
