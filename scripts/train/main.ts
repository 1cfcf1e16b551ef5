// npm run train -- <metric> [--try] [--verbose]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from '../node-version.ts'
import { readCorpus } from './corpus.ts'
import { calibration, thresholdFor, trials } from './hold-back.ts'
import { learn, reading } from './learn.ts'
import { report } from './report.ts'
import { trainToxicity } from './toxicity/train.ts'
import { rounded, short, trainedOn, weightsFile } from './weights-file.ts'

requireNode()

/** The share of innocent texts, of families a model never saw, that it may find guilty. */
const FALSE_ALARMS = 0.02

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { try: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
})
const { try: isTry, verbose } = values
const app = join(import.meta.dirname, '../../apps/castellan')
switch (positionals[0]) {
  case 'injection':
    trainInjection()
    break
  case 'toxicity':
    trainToxicity(app, { isTry, verbose })
    break
  default:
    console.error('npm run train -- <injection | toxicity> [--try, to write nothing] [--verbose]')
    process.exitCode = 1
}

function trainInjection(): void {
  const metric = 'injection'
  const corpus = readCorpus(join(app, 'training', metric))
  const readings = corpus.examples.map(reading)
  const heldBack = trials(corpus.examples, readings)
  const threshold = thresholdFor(heldBack, FALSE_ALARMS)
  console.log(report(corpus.examples, heldBack, threshold, verbose))
  if (isTry) return
  const learned = learn(readings, metric)
  const { slope, intercept } = calibration(heldBack)
  const { weights, unit, bias } = rounded(learned)
  const rest = { unit, bias, threshold: short(threshold), slope: short(slope), intercept: short(intercept) }
  const file = weightsFile(metric, { trainedOn: trainedOn(corpus.digest), ...rest, weights })
  writeFileSync(join(app, 'src/guardrails', metric, 'weights.ts'), file)
}
