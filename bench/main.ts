// npm run bench -- [--quick] [--only name,…] [--profile name,…] [--out folder]
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireNode } from '../scripts/node-version.ts'
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
const chosen = named(values.only ?? values.profile)
const toProfile = values.profile === undefined ? [] : named(values.profile)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const machine = thisMachine()
const findings: Report['findings'][number][] = []
for (const measurement of chosen) {
  const { name, about } = measurement
  say(`== ${name}`)
  const started = performance.now()
  const finding = await measurement.run({ form, say, profile: toProfile.includes(measurement) })
  const seconds = (performance.now() - started) / 1_000
  findings.push({ name, about, seconds, ...finding })
  say(`\n${finding.tables.map(markdownTable).join('\n\n')}\n`)
}

const report: Report = { form, at: new Date().toISOString(), machine, findings, missed: [] }
await mkdir(values.out, { recursive: true })
await writeFile(join(values.out, `${form}.json`), `${JSON.stringify(report, null, 2)}\n`)
await writeFile(join(values.out, `${form}.md`), markdown(report))
say(`The report is in ${join(values.out, `${form}.md`)} and .json.`)
const bad = [...findings.flatMap(({ wrong }) => wrong), ...report.missed]
for (const line of bad) say(`✖ ${line}`)
if (bad.length > 0) process.exitCode = 1

function named(list: string | undefined) {
  if (list === undefined) return measurements
  const names = list.split(',')
  const known = measurements.map(({ name }) => name)
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) {
    process.stderr.write(`There is no measurement "${unknown}"; there are ${known.join(', ')}.\n`)
    process.exit(2)
  }
  return measurements.filter(({ name }) => names.includes(name))
}
