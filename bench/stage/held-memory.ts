import { setTimeout as pause } from 'node:timers/promises'
import type { Castellan } from './castellan.ts'

/** Flags of Node for a control plane whose garbage is to be collected on demand. */
export const collecting = [
  '--expose-gc',
  `--import=${new URL('./collects-on-signal.ts', import.meta.url).href}`,
] as const

/**
 * Megabytes that the main thread of a control plane holds, in its heap and outside of it, by its own metrics: once
 * collecting garbage changes little any more, or after ten times. It must have been started with {@link collecting}.
 */
export async function heldMegabytes(castellan: Castellan): Promise<number> {
  let seen = Number.POSITIVE_INFINITY
  for (let look = 0; look < 10; look++) {
    process.kill(castellan.pid, 'SIGUSR2')
    await pause(300)
    const now = await usedMegabytes(castellan)
    if (Math.abs(now - seen) < 0.2) return now
    seen = now
  }
  return seen
}

async function usedMegabytes(castellan: Castellan): Promise<number> {
  const text = await castellan.text('/metrics')
  const bytes = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  return (bytes('nodejs_heap_size_used_bytes') + bytes('nodejs_external_memory_bytes')) / 2 ** 20
}
