import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signs } from '../../apps/castellan/src/guardrails/injection/evidence.ts'
import { ideas } from '../../apps/castellan/src/guardrails/injection/ideas.ts'
import { wordLists } from '../../apps/castellan/src/guardrails/injection/word-lists.ts'
import { readCorpus } from './corpus.ts'
import { calibration, readingsOf, shareFrom, thresholdFor, trials } from './hold-back.ts'
import { learn, reading } from './learn.ts'
import { learnIdeas } from './learn-ideas.ts'
import { report } from './report.ts'
import {
  ideasTrainedOn,
  ideaWeightsFile,
  rounded,
  roundedIdeas,
  short,
  trainedOn,
  weightsFile,
} from './weights-file.ts'

/** The shares of innocent texts, of families no model saw, that may be believed to be guilty, and that may be as good as surely so. */
const BELIEVED = 0.04
const SURE = 0.02

/** The same share for the model of words by itself, whose threshold is not used. */
const OF_WORDS = 0.02

/** All that changes how ideas and cues are read. */
export const tables = [ideas, signs, wordLists]

/** Trains both models of the injection detector, says how they do together on families they never saw, and writes their weights. */
export function trainInjection(
  app: string,
  { isTry, verbose }: { readonly isTry: boolean; readonly verbose: boolean },
): void {
  const metric = 'injection'
  const { examples, digest } = readCorpus(join(app, 'training', metric))
  const readings = readingsOf(examples, reading)
  const heldBack = trials(readings)
  const believed = thresholdFor(heldBack.together, BELIEVED)
  const sure = thresholdFor(heldBack.together, SURE)
  console.log(report(examples, heldBack.together, believed, verbose))
  if (isTry) return
  const folder = join(app, 'src/guardrails', metric)

  const threshold = thresholdFor(heldBack.words, OF_WORDS)
  const { slope, intercept } = calibration(heldBack.words)
  const { weights, unit, bias } = rounded(
    learn([...readings.words, ...readings.chains.map(({ words }) => words)], metric),
  )
  const rest = { unit, bias, threshold: short(threshold), slope: short(slope), intercept: short(intercept) }
  writeFileSync(join(folder, 'weights.ts'), weightsFile(metric, { trainedOn: trainedOn(digest), ...rest, weights }))

  const chains = readings.chains.map(({ ideas }) => ideas)
  const shares = (guilty: boolean): [number, number] => [
    short(shareFrom(believed, heldBack.together, guilty)),
    short(shareFrom(sure, heldBack.together, guilty)),
  ]
  const ideaWeights = {
    trainedOn: ideasTrainedOn(digest, tables),
    believed: short(believed),
    sure: short(sure),
    heldBack: { recall: shares(true), falseAlarms: shares(false) },
    ...roundedIdeas(learnIdeas([...readings.ideas, ...chains], metric)),
  }
  writeFileSync(join(folder, 'idea-weights.ts'), ideaWeightsFile(metric, ideaWeights))
}
