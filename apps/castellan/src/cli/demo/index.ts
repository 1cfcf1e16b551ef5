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
  const stage = await setStage(world)
  const shown: Shown[] = []
  try {
    await tell(stage, (what, seen) => {
      shown.push({ what, seen })
      speak.note(`  ✓ ${what.padEnd(34)} ${seen}`)
    })
  } finally {
    await stage.clear()
  }
  const seconds = (performance.now() - started) / 1_000
  speak.result({ shown, seconds }, () => `Everything was so, in ${seconds.toFixed(1)} s. Nothing is left running.`)
}
