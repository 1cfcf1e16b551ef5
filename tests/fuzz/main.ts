// npm run fuzz -- [--seconds 60] [--seed N] [target …]
import { parseArgs } from 'node:util'
import { targets } from './targets.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, seed: { type: 'string' } },
})
const seconds = wholeNumber('seconds', values.seconds ?? '60')
const seed = wholeNumber('seed', values.seed ?? String(1 + (Date.now() % 1_000_000)))
const names = targets.map(({ name }) => name)
for (const name of positionals) {
  if (names.includes(name)) continue
  console.error(`There is no target "${name}"; the targets are ${names.join(', ')}.`)
  process.exit(1)
}
const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name))

// Each gets an equal share of the time.
for (const target of chosen) {
  const started = performance.now()
  const trial = await target.open()
  const { runs, found } = await trial.run({ seed, seconds: seconds / chosen.length })
  const damage = await trial.close().then(() => null, String)
  const took = `${runs} runs, ${((performance.now() - started) / 1_000).toFixed(1)} s`
  const wrong = [found, damage].filter(each => each !== null)
  console.log(`${wrong.length === 0 ? '✔' : '✖'} ${target.name}: ${target.promise} (${took})`)
  if (wrong.length === 0) continue
  console.error(`${wrong.join('\n')}\nAgain: npm run fuzz -- --seed ${seed} --seconds ${seconds} ${target.name}`)
  process.exitCode = 1
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on, and is ${text}`)
  return Number(text)
}
