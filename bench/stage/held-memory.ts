import { setTimeout as pause } from 'node:timers/promises'
import { residentMegabytes } from './process-facts.ts'

/** Flags of Node for a process whose garbage is to be collected on demand. */
export const collecting = [
  '--expose-gc',
  `--import=${new URL('./collects-on-signal.ts', import.meta.url).href}`,
] as const

/**
 * Resident megabytes of a process that was started with {@link collecting}: once collecting garbage changes nothing any
 * more, or after ten times. What is left is held.
 */
export async function heldMegabytes(pid: number): Promise<number> {
  let seen = residentMegabytes(pid)
  for (let look = 0; look < 10; look++) {
    process.kill(pid, 'SIGUSR2')
    await pause(400)
    const now = residentMegabytes(pid)
    if (Math.abs(now - seen) < 0.5) return now
    seen = now
  }
  return seen
}
