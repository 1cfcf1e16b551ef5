import type { Output } from '../output.ts'
import type { World } from '../world.ts'
import { tell } from './story.ts'
import { setStage } from './stage.ts'

/** One thing the demo showed. */
export interface Shown {
  readonly what: string
  readonly seen: string
}

/**
 * Runs the whole story on embedded defaults and leaves nothing behind. Throws when any of it was not so.
 */
export async function runDemo(world: World, speak: Output): Promise<void> {
  const started = performance.now()
  const interruption = world.interruption()
  const stage = await setStage(world)
  const shown: Shown[] = []
  try {
    await untilInterrupted(
      interruption,
      tell(stage, (what, seen) => {
        shown.push({ what, seen })
        speak.note(`  ✓ ${what.padEnd(34)} ${seen}`)
      }),
    )
  } finally {
    await stage.clear()
  }
  const seconds = (performance.now() - started) / 1_000
  speak.result({ shown, seconds }, () => `Everything was so, in ${seconds.toFixed(1)} s. Nothing is left running.`)
}

/** Whoever interrupts the demo must not find its servers still running. */
async function untilInterrupted(interruption: AbortSignal, telling: Promise<void>): Promise<void> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  interruption.addEventListener('abort', () => reject(new DOMException('interrupted', 'AbortError')), { once: true })
  try {
    await Promise.race([telling, interrupted])
  } finally {
    // What is still under way when the stage is cleared fails there, and says nothing new.
    telling.catch(() => undefined)
  }
}
