// npm run soak -- [--minutes 60] [--seed N] [--elicitation]
import { parseArgs } from 'node:util'
import { writeReport } from './report.ts'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, elicitation: { type: 'boolean', default: false } },
})
const minutes = wholeNumber('minutes', values.minutes ?? '60')
const seed = wholeNumber('seed', values.seed ?? String(1 + (Date.now() % 1_000_000)))

// Whoever is impatient leaves no control plane behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const soaked = await soak({ minutes, seed, elicitation: values.elicitation }, line => process.stdout.write(`${line}\n`))
process.stdout.write(`\n${writeReport(soaked)}`)
if (soaked.tally.violations > 0) {
  process.stdout.write(`\nAgain: npm run soak -- --minutes ${minutes} --seed ${seed}\n`)
  process.exitCode = 1
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on, and is ${text}`)
  return Number(text)
}
