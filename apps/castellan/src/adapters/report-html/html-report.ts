import { fateOf, type Placed, type Report, type ReportFormat } from '../../reports/index.ts'
import { costChart, decisionChart, denialChart, latencyChart, timeChart, toolChart, violationChart } from './charts.ts'
import { foreign, markup, type Markup } from './markup.ts'
import { policy, style } from './style.ts'
import { table } from './table.ts'
import { count, milliseconds, money, share, things, time } from './words.ts'

/**
 * One page for people, complete in itself: no script, nothing from elsewhere. However much happened it stays a page: pictures add up,
 * and of sessions and steps it lists some and says how many it leaves out.
 */
export const htmlReport: ReportFormat = {
  name: 'html',
  mediaType: 'text/html; charset=utf-8',
  contentPolicy: `${policy}; frame-ancestors 'none'`,
  async *render(report) {
    const title = `Castellan report: ${titleOf(report)}`
    yield markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${title}</title>
`.text
    yield `<style>${style}</style></head>\n`
    yield markup`<body><main>${header(report)}${tiles(report)}
<section class="charts" aria-label="Pictures">${timeChart(report)}${decisionChart(report)}${denialChart(report)}${violationChart(report)}${toolChart(report)}${latencyChart(report)}${costChart(report)}</section>
${sessionList(report)}`.text
    yield (await denials(report)).text
    yield (await latest(report)).text
    yield markup`<footer><p>Made by Castellan out of its journal. Personal data and secrets are masked; the same journal gives the same page. Times are UTC.</p></footer>
</main></body></html>
`.text
  },
}

function titleOf({ scope, sessions }: Report): string {
  if (scope.session !== undefined) return sessions[0]?.name ?? `session ${scope.session}`
  if (scope.run !== undefined) return `run ${scope.run}`
  return /^\d+[a-z]+$/.test(scope.since ?? '') ? `the last ${scope.since}` : `since ${scope.since}`
}

function header(report: Report): Markup {
  const { scope, sees, summary, sessions } = report
  const [first] = sessions
  const one = scope.session !== undefined && sessions.length === 1 && first ? first : null
  const facts: [string, Markup | string][] = [
    ...Object.entries(scope).map(([name, value]): [string, Markup] => [capital(name), foreign(value)]),
    ...(one === null
      ? []
      : ([
          ['Principal', foreign(one.principal.name ?? one.principal.id)],
          ['Model', foreign(one.model_name)],
          ['Opened', one.opened_at === null ? foreign(null) : time(one.opened_at)],
          ['Closed', one.closed_at === null ? foreign(null, 'not yet') : time(one.closed_at)],
        ] as [string, Markup | string][])),
    ['From', summary.first_at === null ? foreign(null) : time(summary.first_at)],
    ['Until', summary.last_at === null ? foreign(null) : time(summary.last_at)],
    ['Covers', sees === 'all' ? 'everybody of the tenant' : 'what the asker did'],
  ]
  return markup`<header><p class="brand">Castellan report</p><h1>${foreign(titleOf(report))}</h1>
<p class="verdict">${verdictOf(report)}</p>
<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>
`
}

/** All of it in a sentence or two. */
function verdictOf({ summary }: Report): string {
  const denied = deniedIn(summary)
  if (summary.total_steps === 0) return 'Nothing was done.'
  const who = `${things(summary.total_steps, 'step')} in ${things(summary.total_sessions, 'session')}.`
  const found = summary.violations.reduce((total, each) => total + each.count, 0)
  const refused = denied === 0 ? 'None was denied.' : `${count(denied)} (${share(denied, summary.total_steps)}) ${denied === 1 ? 'was' : 'were'} denied.` // prettier-ignore
  return `${who} ${refused} ${found === 0 ? 'The guardrails found nothing.' : `The guardrails found ${things(found, 'thing')}.`}`
}

function tiles({ summary }: Report): Markup {
  const { latency_ms: latency, tokens, cost, reused_fingerprints: reused } = summary
  const denied = deniedIn(summary)
  const found = summary.violations.reduce((total, each) => total + each.count, 0)
  const shown: [name: string, value: string, remark: string, tone?: string][] = [
    ['Sessions', count(summary.total_sessions), `${things(summary.total_loose_calls, 'call')} outside of steps`],
    ['Steps', count(summary.total_steps), `${count(summary.decisions['ok'] ?? 0)} ok`],
    ['Denied', count(denied), share(denied, summary.total_steps), denied > 0 ? 'alarm' : undefined],
    ['Findings', count(found), `${count(reused.total)} seen in a preflight before`, found > 0 ? 'notice' : undefined],
    ['Latency', latency === null ? '–' : milliseconds(latency.p50), latency === null ? 'none measured' : `median; p95 ${milliseconds(latency.p95)}`],
    ['Tokens', count(tokens.in + tokens.out), `${count(tokens.in)} in, ${count(tokens.out)} out`],
    ['Cost', money(cost.total), cost.unpriced === 0 ? 'everything priced' : `${count(cost.unpriced)} unpriced`],
  ] // prettier-ignore
  return markup`<dl class="tiles">${shown.map(
    ([name, value, remark, tone = 'calm']) =>
      markup`<div class="tile ${tone}"><dt>${name}</dt><dd><strong>${value}</strong><span>${remark}</span></dd></div>`,
  )}</dl>`
}

function sessionList({ sessions }: Report): Markup {
  const most = sessions.toSorted((one, other) => other.totals.steps - one.totals.steps).slice(0, MOST_SESSIONS)
  const heads = [
    { name: 'Session' },
    { name: 'Principal' },
    { name: 'Model' },
    { name: 'From' },
    { name: 'Until' },
    { name: 'Steps', number: true },
    { name: 'Denied', number: true },
    { name: 'Cost', number: true },
  ]
  const rows = most.map(({ kind, name, session_id: id, principal, model_name: model, first_at, last_at, totals }) => [
    markup`${foreign(name ?? (kind === 'loose' ? 'calls without a session' : 'named by its client'))}${id === null ? null : markup`<small><bdi>${id}</bdi></small>`}`,
    foreign(principal.name ?? principal.id),
    foreign(model),
    first_at === null ? foreign(null) : markup`<time>${time(first_at)}</time>`,
    last_at === null ? foreign(null) : markup`<time>${time(last_at)}</time>`,
    count(totals.steps),
    totals.denied === 0 ? '0' : markup`<b class="denied-text">${count(totals.denied)}</b>`,
    markup`${money(totals.cost)}${totals.unpriced === 0 ? null : markup`<small>${count(totals.unpriced)} unpriced</small>`}`,
  ])
  const left = sessions.length - most.length
  const remark = left > 0 ? `The ${MOST_SESSIONS} with the most steps; ${count(left)} more are in the report as JSON or XLSX.` : null // prettier-ignore
  return section('sessions', 'Sessions', remark, rows.length === 0 ? null : table('Sessions', heads, rows))
}

async function denials(report: Report): Promise<Markup> {
  const denied = deniedIn(report.summary)
  const some = await gathered(report.denied(MOST_STEPS))
  const remark = denied > some.length ? `The newest ${count(some.length)} of ${count(denied)}; all of them are in the report as JSON or XLSX.` : null // prettier-ignore
  return section('denied', 'Denied steps', remark, stepTable('Denied steps', some), 'Nothing was denied.')
}

async function latest(report: Report): Promise<Markup> {
  const { total_steps: all } = report.summary
  const some = await gathered(report.latest())
  const remark = all > some.length ? `The newest ${count(some.length)} of ${count(all)}; all of them are in the report as JSON or XLSX.` : null // prettier-ignore
  return section('steps', 'Latest steps', remark, stepTable('Latest steps', some))
}

/** The newest on top. */
function stepTable(caption: string, steps: readonly Placed[]): Markup | null {
  if (steps.length === 0) return null
  const heads = [
    { name: 'At' },
    { name: 'Session and step' },
    { name: 'Principal' },
    { name: 'Tool' },
    { name: 'Decision' },
    { name: 'Why, or what was said' },
    { name: 'Took', number: true },
  ]
  const rows = steps
    .toReversed()
    .map(({ session, step }) => [
      markup`<time>${time(step.at)}</time>`,
      markup`${foreign(session.name ?? session.session_id, 'no session')}${step.number === null ? null : markup` <small>step ${step.number}, ${step.role}</small>`}`,
      foreign(session.principal.name ?? session.principal.id),
      foreign(step.selected_tool),
      markup`<span class="badge ${fateOf(step.decision)}">${step.decision}</span>`,
      markup`${foreign(wordsOf(step))}${step.guardrail_signals.length === 0 ? null : markup`<small>found: ${[...new Set(step.guardrail_signals.map(({ category, action }) => `${category} (${action})`))].join(', ')}</small>`}`,
      step.latency_ms === null ? foreign(null) : milliseconds(step.latency_ms),
    ])
  return table(caption, heads, rows)
}

function wordsOf({ reasons, error, output_text: output }: Placed['step']): string | null {
  return reasons.length > 0 ? reasons.join('; ') : (error ?? output)
}

function section(
  id: string,
  title: string,
  remark: string | null,
  body: Markup | null,
  none = 'There is none.',
): Markup {
  return markup`<section id="${id}"><h2>${title}</h2>${remark === null ? null : markup`<p class="remark">${remark}</p>`}${body ?? markup`<p class="none">${none}</p>`}</section>
`
}

async function gathered(pages: AsyncIterable<readonly Placed[]>): Promise<readonly Placed[]> {
  const all: Placed[] = []
  for await (const page of pages) all.push(...page)
  return all
}

function deniedIn({ denials: all }: Report['summary']): number {
  return all.reduce((total, each) => total + each.count, 0)
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const MOST_SESSIONS = 100
const MOST_STEPS = 200
