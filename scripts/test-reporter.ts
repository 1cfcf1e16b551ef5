import { relative } from 'node:path'
import { inspect } from 'node:util'
import type { EventData } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { coverageTable } from './coverage.ts'

/**
 * One line for each file, everything about what failed, the reason of every skip, and node's closing lines last.
 * With `CASTELLAN_REQUIRE_SERVICES=1` a skipped test fails the run: a check that silently did not happen is none. With
 * `CASTELLAN_WITHOUT="opa onnx"` as well, those that need one of these may be skipped where they could not be made.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const said = new Map<string, string>()
  const failures: EventData.TestFail[] = []
  const skips: EventData.TestPass[] = []
  const closing: string[] = []
  for await (const event of events) {
    switch (event.type) {
      case 'test:stdout':
      case 'test:stderr':
        said.set(name(event.data.file), (said.get(name(event.data.file)) ?? '') + event.data.message)
        break
      case 'test:fail':
        if (isFirstHand(event.data)) failures.push(event.data)
        break
      case 'test:pass':
        if (event.data.skip !== undefined) skips.push(event.data)
        break
      case 'test:diagnostic':
        if (isCount(event.data)) closing.push(`# ${event.data.message}\n`)
        break
      case 'test:summary':
        if (event.data.file !== undefined) yield fileLine(event.data)
        break
      case 'test:coverage': {
        const { text, sufficient } = coverageTable(event.data)
        yield text
        if (!sufficient && process.env['CASTELLAN_COVERAGE_MUST_SUFFICE']) process.exitCode = 1
        break
      }
      default:
    }
  }
  for (const failure of failures) yield failureText(failure)
  for (const file of new Set(failures.map(it => name(it.file)))) yield outputOf(file, said.get(file))
  yield* skipLines(skips)
  yield '\n'
  yield* closing
}

/** Suites fail because of what is in them, which has been told already. */
function isFirstHand({ details }: EventData.TestFail): boolean {
  const cause: unknown = details.error
  return (cause as { failureType?: string }).failureType !== 'subtestsFailed'
}

const COUNTS = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

function isCount({ nesting, message, file }: EventData.TestDiagnostic): boolean {
  return nesting === 0 && file === undefined && COUNTS.test(message)
}

function fileLine({ file, success, counts, duration_ms: millis }: EventData.TestSummary): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return `${success ? '✔' : '✖'} ${name(file)} (${counts.tests} tests${skipped}, ${(millis / 1000).toFixed(1)} s)\n`
}

function failureText({ file, line, name: title, details }: EventData.TestFail): string {
  const error: unknown = details.error.cause ?? details.error
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error)
  const place = file === undefined || file.startsWith('node:') ? '' : `${name(file)}:${line ?? 1} ${title}`
  return `\n✖ ${place || 'the file as a whole'}\n${indent(text)}\n`
}

function outputOf(file: string, text: string | undefined): string {
  return text ? `\n  ${file} printed:\n${indent(text.trimEnd())}\n` : ''
}

function* skipLines(skips: readonly EventData.TestPass[]): Generator<string> {
  if (skips.length === 0) return
  yield `\nSkipped:\n`
  for (const { file, name: title, skip } of skips) {
    yield `- ${name(file)} ${title}${typeof skip === 'string' && skip ? `: ${skip}` : ''}\n`
  }
  if (process.env['CASTELLAN_REQUIRE_SERVICES'] !== '1') return
  const without = (process.env['CASTELLAN_WITHOUT'] ?? '').split(' ').filter(name => name !== '')
  const isForgiven = (skip: unknown) => without.some(name => String(skip).startsWith(`there is no ${name};`))
  if (skips.every(({ skip }) => isForgiven(skip))) return
  process.exitCode = 1
  yield '✖ CASTELLAN_REQUIRE_SERVICES=1 allows no skipped test: start PostgreSQL and NATS, and make the rest (npm run opa, npm run onnx)\n'
}

/** As given on the command line or whole, a file has one name here. */
function name(file: string | undefined): string {
  return file === undefined ? '' : relative(process.cwd(), file)
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
