import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { report } from '../report.ts'
import { readComments } from './comments.ts'
import { thresholdOf, trials } from './hold-back.ts'
import { sourceOfWeights } from './weights.ts'

/** Trains the model of the toxicity detector, whose features are the words of its lexicon, says how it does, and writes its weights. */
export function trainToxicity(
  app: string,
  { isTry, verbose }: { readonly isTry: boolean; readonly verbose: boolean },
): void {
  const comments = readComments(join(app, 'training/toxicity'))
  const heldBack = trials(comments.examples)
  console.log(report(comments.examples, heldBack, thresholdOf(heldBack), verbose))
  if (!isTry) writeFileSync(join(app, 'src/guardrails/toxicity/weights.ts'), sourceOfWeights(comments, heldBack))
}
