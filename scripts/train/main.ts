// npm run train -- <metric> [--try] [--verbose]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from '../node-version.ts'
import { trainInjection } from './injection.ts'
import { trainToxicity } from './toxicity/train.ts'

requireNode()

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { try: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
})
const { try: isTry, verbose } = values
const app = join(import.meta.dirname, '../../apps/castellan')
switch (positionals[0]) {
  case 'injection':
    trainInjection(app, { isTry, verbose })
    break
  case 'toxicity':
    trainToxicity(app, { isTry, verbose })
    break
  default:
    console.error('npm run train -- <injection | toxicity> [--try, to write nothing] [--verbose]')
    process.exitCode = 1
}
