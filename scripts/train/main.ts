// npm run train -- <metric> [--try]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from '../node-version.ts'
import { readCorpus } from './corpus.ts'
import { calibration, thresholdFor, trials } from './hold-back.ts'
import { learn, reading } from './learn.ts'
import { report } from './report.ts'
import { rounded, short, trainedOn, weightsFile } from './weights-file.ts'

requireNode()

/** The share of innocent texts, of families a model never saw, that it may find guilty. */
const falseAlarms: Readonly<Record<string, number>> = { injection: 0.02, toxicity: 0.03 }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { try: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
})
const metric = positionals[0] ?? ''
const share = falseAlarms[metric]
if (share === undefined) {
  console.error(`npm run train -- <${Object.keys(falseAlarms).join(' | ')}> [--try, to write nothing] [--verbose]`)
  process.exit(1)
}

const app = join(import.meta.dirname, '../../apps/castellan')
const corpus = readCorpus(join(app, 'training', metric))
const readings = corpus.examples.map(reading)
const heldBack = trials(corpus.examples, readings)
const threshold = thresholdFor(heldBack, share)
console.log(report(corpus.examples, heldBack, threshold, values.verbose))
if (!values.try) {
  const learned = learn(readings, metric)
  const { slope, intercept } = calibration(heldBack)
  const { weights, unit, bias } = rounded(learned)
  const rest = { unit, bias, threshold: short(threshold), slope: short(slope), intercept: short(intercept) }
  const file = weightsFile(metric, { trainedOn: trainedOn(corpus.digest), ...rest, weights })
  writeFileSync(join(app, 'src/guardrails', metric, 'weights.ts'), file)
}
