import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SENTENCE_FEATURES } from '../../../apps/castellan/src/guardrails/toxicity/features.ts'
import { requireNode } from '../../node-version.ts'
import { calibration, thresholdFor, type Trial } from '../hold-back.ts'
import { report } from '../report.ts'
import { rounded, short, trainedOn, weightsFile } from '../weights-file.ts'
import { readComments } from './comments.ts'
import { commentOf, learn, worst } from './learn.ts'

requireNode()

const PARTS = 9

const { values } = parseArgs({
  options: { try: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
})

const app = join(import.meta.dirname, '../../../apps/castellan')
const { examples, digest } = readComments(join(app, 'training/toxicity'))
const comments = examples.map(commentOf)
const families = [...new Set(examples.map(({ family }) => family))]
const none = { weights: new Float64Array(1 << 15), bias: 0 }
const heldBack: Trial[] = []
const bare: Trial[] = []
for (let part = 0; part < PARTS; part++) {
  const isOf = (family: string) => families.indexOf(family) % PARTS === part
  const learned = learn(
    comments.filter((_, index) => !isOf(examples[index]!.family)),
    `without ${part}`,
  )
  for (const [index, example] of examples.entries()) {
    if (!isOf(example.family)) continue
    heldBack.push({ example, score: worst(learned, comments[index]!).score })
    bare.push({ example, score: worst(none, comments[index]!).score })
  }
}
for (const [name, trials] of [
  ['bare', bare],
  ['learned', heldBack],
] as const) {
  for (const share of [0.01, 0.02, 0.03, 0.05]) {
    const threshold = thresholdFor(trials, share)
    const guilty = trials.filter(({ example }) => example.guilty)
    console.log(
      name,
      share,
      threshold.toFixed(2),
      ((100 * guilty.filter(({ score }) => score >= threshold).length) / guilty.length).toFixed(1),
    )
  }
}
const threshold = thresholdFor(heldBack, 0.04)
console.log(report(examples, heldBack, threshold, values.verbose))
if (!values.try) {
  const { slope, intercept } = calibration(heldBack)
  const { weights, unit, bias } = rounded(learn(comments, 'toxicity'))
  const rest = { unit, bias, threshold: short(threshold), slope: short(slope), intercept: short(intercept) }
  const file = weightsFile('toxicity', {
    trainedOn: trainedOn(`${digest.slice(0, 32)}-${SENTENCE_FEATURES}`),
    ...rest,
    weights,
  })
  writeFileSync(join(app, 'src/guardrails/toxicity/weights.ts'), file)
}
