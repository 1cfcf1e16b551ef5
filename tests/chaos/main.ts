// npm run chaos -- [--rounds N] [--seed S]
import { parseArgs } from 'node:util'
import { killFirstStart } from './first-start.ts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { postgresForTests } from '../support/services.ts'
import { besiegeRuns } from './runs-siege.ts'
import { randomFrom } from '../support/random.ts'
import { besiege } from './siege.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } })
const rounds = wholeNumber('rounds', values.rounds ?? '200')
const seed = wholeNumber('seed', values.seed ?? String(Date.now() % 1_000_000))

const say = (line: string) => process.stdout.write(`${line}\n`)
const report = await besiege({ rounds, seed }, say)
const random = randomFrom(seed)
for (let time = 0; time < rounds / 10; time++) {
  report.wrong('first start', await killFirstStart(random))
  report.killed('first start')
}
for (const [nodes, database] of await stores()) {
  const { runs, kills, settled, violations } = await besiegeRuns({
    rounds: Math.ceil(rounds / 4),
    seed,
    nodes,
    database,
  })
  say(
    `runs on ${nodes === 1 ? 'the embedded store' : `PostgreSQL, ${nodes} processes`}: ${runs}, ${kills} kills, ${settled} calls settled by a person`,
  )
  report.wrong('runs', violations)
}
say(report.text())
if (report.violations.length > 0) {
  say(`Again: npm run chaos -- --rounds ${rounds} --seed ${seed}`)
  process.exitCode = 1
}

/** Where runs are besieged, by how many processes. */
async function stores(): Promise<[number, string | null][]> {
  const { url, skip } = await postgresForTests()
  if (skip !== false) return [[1, null]]
  const fresh = await freshPostgres(url)
  process.once('beforeExit', () => void fresh.drop())
  return [
    [1, null],
    [3, fresh.url],
  ]
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on, and is ${text}`)
  return Number(text)
}
