// npm run conformance -- [--leg server|client] [--revision R] [--scenario NAME] [--upstream R] [--direct] [--check]
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fixtureServer } from './fixture-server.ts'
import { forwarder } from './forwarder.ts'
import { addServer, type Gate, openGate } from './gate.ts'
import { conformanceReport, type Result } from './report.ts'
import { type Leg, legs, type Revision, revisions, runSuite, type Score, type Subject, suiteVersion } from './suite.ts'

const { values } = parseArgs({
  options: {
    leg: { type: 'string' },
    revision: { type: 'string' },
    scenario: { type: 'string' },
    /** Keeps the fixture to one revision, so that the gate must translate. */
    upstream: { type: 'string' },
    /** Past the gate: the suite speaks to the fixture itself, or the client to the suite. */
    direct: { type: 'boolean', default: false },
    /** Fails when the report is another one, instead of writing it. */
    check: { type: 'boolean', default: false },
  },
})
const report = join(import.meta.dirname, '../../docs/reference/conformance.md')

const results: Result[] = []
for (const leg of chosen('leg', values.leg, legs)) {
  await using gate = values.direct ? null : await openGate()
  await using subject = await subjectOf(leg, gate)
  for (const revision of chosen('revision', values.revision, revisions)) {
    const scores = await runSuite(revision, subject, values.scenario)
    tell(leg, revision, scores)
    results.push({ leg, revision, scores })
  }
}
if (results.every(({ scores }) => scores.length === 0)) throw new Error(`There is no scenario "${values.scenario}".`)
if (results.some(({ scores }) => scores.some(score => score.unscored === null && score.failed.length > 0))) {
  process.exitCode = 1
}
const whole = !values.direct && (values.leg ?? values.revision ?? values.scenario ?? values.upstream) === undefined
if (whole) await keep(conformanceReport(results, suiteVersion))

async function subjectOf(leg: Leg, gate: Gate | null): Promise<Subject & AsyncDisposable> {
  if (leg === 'client') {
    // Inherited by what the suite starts.
    if (gate !== null) process.env.CONFORMANCE_GATE = JSON.stringify(gate)
    const command = `${process.execPath} ${join(import.meta.dirname, 'client.ts')}`
    return { leg, command, async [Symbol.asyncDispose]() {} }
  }
  const [upstream] = values.upstream === undefined ? [] : chosen('upstream', values.upstream, revisions)
  const fixture = await fixtureServer(upstream)
  if (gate === null) return { leg, url: fixture.url, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() }
  const endpoint = await addServer(gate, 'conformance', fixture.url)
  const front = await forwarder(endpoint, ['authorization', `Bearer ${gate.key}`])
  return {
    leg,
    url: front.url,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

function tell(leg: Leg, revision: Revision, scores: readonly Score[]): void {
  console.log(`\n${leg}, ${revision}`)
  for (const { scenario, unscored, passed, failed, warned } of scores) {
    const mark = failed.length === 0 ? '✔' : unscored === null ? '✖' : '·'
    const counts = `${passed.length} passed, ${failed.length} failed${warned.length > 0 ? `, ${warned.length} warned` : ''}`
    console.log(`${mark} ${scenario}: ${counts}${unscored === null ? '' : ` (not scored: ${unscored})`}`)
  }
  const scored = scores.filter(({ unscored }) => unscored === null)
  console.log(`${scored.filter(({ failed }) => failed.length === 0).length} of ${scored.length} scored scenarios pass`)
}

async function keep(text: string): Promise<void> {
  if (!values.check) return await writeFile(report, text)
  if (text === (await readFile(report, 'utf8'))) return
  console.error('docs/reference/conformance.md is out of date: run npm run conformance and commit it.')
  process.exitCode = 1
}

function chosen<Name extends string>(what: string, name: string | undefined, all: readonly Name[]): readonly Name[] {
  if (name === undefined) return all
  const found = all.filter(one => one === name)
  if (found.length === 0) throw new Error(`--${what} must be one of ${all.join(', ')}, and is "${name}"`)
  return found
}
