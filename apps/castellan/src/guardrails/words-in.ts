import { type Words, wordsOf } from './linear/index.ts'
import type { View } from './view.ts'

/** The words of a view, read once for all detectors; they are kept with it, so that they go when it goes. */
export function wordsIn(view: View): Words {
  return (view.words ??= wordsOf(view.text))
}
