// npm run chaos -- [--rounds N] [--seed S]
import { parseArgs } from 'node:util'
import { besiege } from './siege.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } })
const rounds = wholeNumber('rounds', values.rounds ?? '200')
const seed = wholeNumber('seed', values.seed ?? String(Date.now() % 1_000_000))

const say = (line: string) => process.stdout.write(`${line}\n`)
try {
  const report = await besiege({ rounds, seed }, say)
  say(report.text())
  process.exitCode = report.violations.length > 0 ? 1 : 0
} catch (error) {
  say(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
  process.exitCode = 1
}
if (process.exitCode !== 0) say(`Again: npm run chaos -- --rounds ${rounds} --seed ${seed}`)

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on, and is ${text}`)
  return Number(text)
}
