// npm run train:toxicity -- [--try] [--verbose]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from '../../node-version.ts'
import { report } from '../report.ts'
import { readComments } from './comments.ts'
import { thresholdOf, trials } from './hold-back.ts'
import { sourceOfWeights } from './weights.ts'

requireNode()

const { values } = parseArgs({
  options: { try: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
})

const app = join(import.meta.dirname, '../../../apps/castellan')
const comments = readComments(join(app, 'training/toxicity'))
const heldBack = trials(comments.examples)
console.log(report(comments.examples, heldBack, thresholdOf(heldBack), values.verbose))
if (!values.try) writeFileSync(join(app, 'src/guardrails/toxicity/weights.ts'), sourceOfWeights(comments, heldBack))
