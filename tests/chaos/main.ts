// npm run chaos -- [--rounds N] [--seed S]
import { parseArgs } from 'node:util'
import { killFirstStart } from './first-start.ts'
import { startedNats } from '../../apps/castellan/src/adapters/fanout-nats/fixtures/nats-process.ts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { postgresForTests } from '../support/services.ts'
import { ownPostgres } from '../support/own-postgres.ts'
import { besiegeRuns, type Ground } from './runs/siege.ts'
import { randomFrom } from '../support/random.ts'
import { besiege } from './siege.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } })
const rounds = wholeNumber('rounds', values.rounds ?? '200')
const seed = wholeNumber('seed', values.seed ?? String(Date.now() % 1_000_000))

const say = (line: string) => process.stdout.write(`${line}\n`)
const report = await besiege({ rounds, seed }, say)
const random = randomFrom(seed)
const own = await ownPostgres()
const nats = await startedNats()
for (let time = 0; time < rounds / 10; time++) {
  report.wrong('first start', await killFirstStart(random))
  report.killed('first start')
}
for (const [where, ground] of await grounds()) {
  const runs = await besiegeRuns({ rounds: Math.ceil(rounds / 2), seed, ground }, say)
  say(`runs ${where}: ${runs.text()}`)
  report.wrong(`runs ${where}`, runs.violations)
}
await own?.[Symbol.asyncDispose]()
await nats?.[Symbol.asyncDispose]()
say(report.text())
if (report.violations.length > 0) {
  say(`Again: npm run chaos -- --rounds ${rounds} --seed ${seed}`)
  process.exitCode = 1
}

/** Where runs are besieged: a PostgreSQL that may fall, or else the one that is there. */
async function grounds(): Promise<[string, Ground][]> {
  const embedded: [string, Ground] = ['on the embedded store', { is: 'embedded' }]
  const shared = { is: 'postgres', nodes: 3, own, nats } as const
  if (own) return [embedded, ['by three on a PostgreSQL that falls', { ...shared, url: own.url }]]
  const { url, skip } = await postgresForTests()
  if (skip !== false) return [embedded]
  const fresh = await freshPostgres(url)
  process.once('beforeExit', () => void fresh.drop())
  return [embedded, ['by three on one PostgreSQL', { ...shared, url: fresh.url }]]
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on, and is ${text}`)
  return Number(text)
}
