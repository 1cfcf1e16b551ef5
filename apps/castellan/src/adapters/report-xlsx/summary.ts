import type { ReportSession, ReportSummary } from '@castellan/contracts'
import type { Report } from '../../reports/index.ts'
import type { Cell } from './sheet.ts'

/** What it all came to, and then the sessions. */
export function* summaryRows({ scope, sees, summary, sessions }: Report): Generator<readonly Cell[]> {
  yield [{ bold: 'Castellan report' }]
  for (const [name, value] of Object.entries(scope)) yield [name, value]
  yield ['covers', sees === 'all' ? 'everybody of the tenant' : 'what the asker did']
  yield* numbers(summary)
  yield* counted('Tools used', 'Tool', summary.tools_used)
  yield* counted('Decisions', 'Decision', summary.decisions)
  yield* table('Denials', ['Code', 'Tool', 'Steps'], summary.denials.map(({ code, tool, count }) => [code, tool, count])) // prettier-ignore
  const violations = summary.violations.map(({ metric, category, action, count }) => [metric, category, action, count])
  yield* table('Violations', ['Metric', 'Category', 'Action', 'Found'], violations)
  yield* table('Sessions', sessionColumns, [])
  for (const session of sessions) yield sessionRow(session)
}

function* numbers(summary: ReportSummary): Generator<readonly Cell[]> {
  const { latency_ms: latency, tokens, cost, reused_fingerprints: reused } = summary
  yield ['Sessions', summary.total_sessions]
  yield ['Steps', summary.total_steps]
  yield ['… of them calls outside of steps', summary.total_loose_calls]
  yield ['First (UTC)', timeOf(summary.first_at)]
  yield ['Last (UTC)', timeOf(summary.last_at)]
  yield ['Tokens in', tokens.in]
  yield ['Tokens out', tokens.out]
  yield ['Tokens of calls', tokens.of_calls]
  yield ['Steps with guessed tokens', tokens.guessed_steps]
  yield ['Cost', { money: cost.total }]
  yield ['Unpriced', cost.unpriced]
  for (const percentile of ['p50', 'p95', 'p99', 'max'] as const)
    yield [`Latency ${percentile} (ms)`, latency?.[percentile] ?? null]
  yield ['Reused fingerprints', reused.total]
  yield ['… distinct', reused.distinct]
}

const sessionColumns = ['Session', 'Name', 'Principal', 'Model', 'Kind', 'Steps', 'Denied', 'Cost', 'Opened (UTC)', 'Closed (UTC)'] // prettier-ignore

function sessionRow(session: ReportSession): readonly Cell[] {
  const { principal, totals } = session
  return [
    session.session_id ?? '(no session)',
    session.name,
    principal.name ?? principal.id,
    session.model_name,
    session.kind,
    totals.steps,
    totals.denied,
    { money: totals.cost },
    timeOf(session.opened_at),
    timeOf(session.closed_at),
  ]
}

function counted(title: string, of: string, counts: Readonly<Record<string, number>>): Generator<readonly Cell[]> {
  return table(title, [of, 'Steps'], Object.entries(counts))
}

function* table(title: string, names: readonly string[], rows: readonly (readonly Cell[])[]) {
  yield [] as readonly Cell[]
  yield [{ bold: title }]
  yield names.map(name => ({ bold: name }))
  yield* rows
}

function timeOf(at: string | null): Cell {
  return at === null ? null : { time: Date.parse(at) }
}
