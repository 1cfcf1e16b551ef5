// npm run bench -- [--quick] [--only name,…] [--profile name,…] [--out folder]
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from '../scripts/node-version.ts'
import { missedFloors } from './floors.ts'
import { measurements } from './measurements/index.ts'
import { thisMachine } from './report/machine.ts'
import { markdown, markdownTable, type Report } from './report/markdown.ts'

requireNode()

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
  },
})
const form = values.quick ? 'quick' : 'full'
const say = (line: string) => process.stdout.write(`${line}\n`)
const toProfile = values.profile === undefined ? [] : named(values.profile, 'canProfile')
const chosen = named(values.only ?? values.profile)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const machine = thisMachine()
const findings: Report['findings'][number][] = []
for (const measurement of chosen) {
  const { name, about } = measurement
  say(`== ${name}`)
  const started = performance.now()
  const setting = { form, say, profile: toProfile.includes(measurement) } as const
  let finding = await measurement.run(setting)
  const missed = missedFloors(finding.numbers)
  // A machine may have been busy with something else for a moment; what is really slow is slow again.
  if (missed.length > 0) {
    say(`${missed.join('\n')}\nonce more`)
    finding = await measurement.run(setting)
  }
  const seconds = (performance.now() - started) / 1_000
  findings.push({ name, about, seconds, ...finding })
  say(`\n${finding.tables.map(markdownTable).join('\n\n')}\n`)
}

const numbers = Object.assign({}, ...findings.map(finding => finding.numbers)) as Record<string, number>
const at = new Date().toISOString()
const report: Report = { form, at, machine, findings, missed: missedFloors(numbers) }
await mkdir(values.out, { recursive: true })
// A part never takes the place of a whole.
const file = join(values.out, chosen === measurements ? form : 'part')
await writeFile(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`)
await writeFile(`${file}.md`, markdown(report))
say(`The report is in ${file}.md and ${file}.json.`)
const bad = [...findings.flatMap(({ wrong }) => wrong), ...report.missed]
for (const line of bad) say(`✖ ${line}`)
if (bad.length > 0) process.exitCode = 1

function named(list: string | undefined, need?: 'canProfile') {
  if (list === undefined) return measurements
  const able = measurements.filter(each => need === undefined || each[need])
  const names = list.split(',')
  const unknown = names.find(name => !able.some(each => each.name === name))
  if (unknown !== undefined) {
    const known = able.map(({ name }) => name).join(', ')
    process.stderr.write(
      `There is no "${unknown}" that can be ${need ? 'profiled' : 'measured'}; there are ${known}.\n`,
    )
    process.exit(2)
  }
  return able.filter(({ name }) => names.includes(name))
}
