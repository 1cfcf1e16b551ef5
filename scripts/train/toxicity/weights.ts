import { SENTENCE_FEATURES } from '../../../apps/castellan/src/guardrails/toxicity/features.ts'
import { calibration, type Trial } from '../hold-back.ts'
import { rounded, short, trainedOn, weightsFile } from '../weights-file.ts'
import type { Corpus } from '../corpus.ts'
import { thresholdOf } from './hold-back.ts'
import { commentOf, learn, SILENT } from './learn.ts'

/** The source of the module with what was learned of all comments, and with the threshold that trials asked for. */
export function sourceOfWeights({ examples, digest }: Corpus, heldBack: readonly Trial[]): string {
  const { slope, intercept } = calibration(heldBack.filter(({ score }) => score > SILENT))
  const { weights, unit, bias } = rounded(learn(examples.map(commentOf), 'toxicity'))
  return weightsFile('toxicity', {
    trainedOn: `${trainedOn(digest)}.${SENTENCE_FEATURES}`,
    unit,
    bias,
    threshold: short(thresholdOf(heldBack)),
    slope: short(slope),
    intercept: short(intercept),
    weights,
  })
}
