import { fateOf, type Report } from '../../reports/index.ts'
import { type Bar, bars } from './bars.ts'
import { columns } from './columns.ts'
import { markup, type Markup } from './markup.ts'
import { type Head, table } from './table.ts'
import { count, milliseconds, money, share, things } from './words.ts'

/** A picture with its caption, and the numbers it is drawn of. */
function figure(id: string, title: string, remark: string, picture: Markup | null, numbers: Markup | null): Markup {
  const body =
    picture === null || numbers === null
      ? markup`<p class="none">${remark}</p>`
      : markup`<p class="remark">${remark}</p><div class="picture">${picture}</div><details><summary>As a table</summary>${numbers}</details>`
  return markup`<figure id="${id}"><figcaption>${title}</figcaption>${body}</figure>
`
}

export function timeChart({ charts, summary }: Report): Markup {
  const title = 'Steps over time'
  const { timeline } = charts
  const [first] = timeline
  const last = timeline.at(-1)
  if (!first || !last) return figure('time', title, 'No step was taken.', null, null)
  const width = first.until - first.from
  const every = Math.max(1, Math.ceil(timeline.length / 8))
  const picture = columns(
    'time',
    `${title}: ${things(summary.total_steps, 'step')} from ${shown(first.from, 0)} to ${shown(last.until, 0)} UTC`,
    timeline.map(({ from, until, counts }, index) => ({
      label: index % every === 0 ? shown(from, width) : '',
      whole: `${shown(from, 0)} to ${shown(until, 0)}: ${fates.map(fate => `${counts[fate]} ${fate}`).join(', ')}`,
      parts: fates.map(fate => ({ value: counts[fate], tone: fate })),
    })),
    WIDE,
  )
  const used = timeline.filter(({ counts }) => fates.some(fate => counts[fate] > 0))
  const rows = used.map(({ from, counts }) => [shown(from, 0), ...fates.map(fate => count(counts[fate]))])
  const numbers = table(`${title} (UTC)`, [{ name: 'From' }, ...fates.map(name => ({ name, number: true }))], rows)
  const legend = markup`<ul class="legend">${fates.map(fate => markup`<li><span class="key ${fate}"></span>${meaning[fate]}</li>`)}</ul>`
  const drawn = markup`${picture}${legend}`
  return figure('time', title, `One column is ${spanOf(width)}; times are UTC.`, drawn, numbers)
}

const fates = ['ok', 'waiting', 'failed', 'denied'] as const
const meaning = {
  ok: 'ok',
  waiting: 'not run: waits for approval, dry run, or still open',
  failed: 'error, timeout, cancelled or indeterminate',
  denied: 'denied',
} as const

export function decisionChart({ summary }: Report): Markup {
  const decisions = Object.entries(summary.decisions).sort(byValue)
  const said = (value: number) => `${count(value)} (${share(value, summary.total_steps)})`
  const rows = decisions.map(([label, value]) => ({ label, value, said: said(value), tone: fateOf(label) }))
  return barChart('decisions', 'Decisions', 'How steps ended.', 'No step was taken.', 'Decision', rows)
}

export function denialChart({ summary }: Report): Markup {
  const rows = summary.denials.map(({ code, tool, count: value }) => {
    const label = tool === null ? code : `${code.replace('denied_', '')} · ${tool}`
    return { label, whole: tool === null ? code : `${code} of ${tool}`, value, said: count(value), tone: 'denied' }
  })
  return barChart('denials', 'Denials by reason and tool', 'What was refused, and by which rule.', 'Nothing was denied.', 'Reason and tool', rows) // prettier-ignore
}

export function violationChart({ summary }: Report): Markup {
  const rows = summary.violations.map(({ metric, category, action, count: value }) => ({
    label: `${category} · ${action}`,
    whole: `${metric}/${category}, ${action}`,
    value,
    said: count(value),
    tone: action === 'block' ? 'denied' : action === 'allow' ? 'ok' : 'waiting',
  }))
  return barChart('violations', 'What guardrails found', 'Findings in texts, arguments and results, and what was done about them.', 'The guardrails found nothing.', 'Finding', rows) // prettier-ignore
}

export function toolChart({ summary }: Report): Markup {
  const tools = Object.entries(summary.tools_used).sort(byValue)
  const rows = tools.map(([label, value]) => ({ label, value, said: count(value), tone: 'plain' }))
  return barChart('tools', 'Tools', 'How often each was asked for.', 'No tool was called.', 'Tool', rows)
}

export function costChart({ summary: { cost } }: Report): Markup {
  const models = cost.by_model.map(each => ({ label: each.model_name ?? '(no model)', ...each, tone: 'model' }))
  const tools = cost.by_tool.map(each => ({ label: each.tool, ...each, tone: 'plain' }))
  const rows = [...models, ...tools]
    .filter(({ cost: amount, unpriced }) => amount > 0 || unpriced > 0)
    .sort((one, other) => other.cost - one.cost || other.unpriced - one.unpriced)
    .map(({ label, cost: amount, unpriced, tone }) => {
      const said = unpriced === 0 ? money(amount) : amount === 0 ? `${count(unpriced)} unpriced` : `${money(amount)} + ${count(unpriced)}?` // prettier-ignore
      return { label, whole: `${label}, ${things(unpriced, 'step')} unpriced`, value: amount, said, tone }
    })
  const remark =
    cost.unpriced === 0
      ? `${money(cost.total)} in all, in the currency of your prices.`
      : `${money(cost.total)} in all, and ${things(cost.unpriced, 'step')} of which nobody said the price.`
  return barChart('costs', 'Cost by model and tool', remark, 'Nothing cost anything.', 'Model or tool', rows)
}

export function latencyChart({ charts, summary }: Report): Markup {
  const title = 'Latency'
  const { latency_ms: latency } = summary
  if (latency === null) return figure('latency', title, 'Nothing took any time.', null, null)
  const named = charts.latencies.map(({ upTo, count: value }, index) => {
    const before = charts.latencies[index - 1]?.upTo
    const name = upTo === Number.POSITIVE_INFINITY ? `> ${milliseconds(before ?? 0)}` : `≤ ${milliseconds(upTo)}`
    return { name, value }
  })
  const picture = columns(
    'latency',
    `${title} of ${things(latency.count, 'step')}: half within ${milliseconds(latency.p50)}`,
    named.map(({ name, value }) => ({
      label: name.replace(' ms', '').replace(/ s$/, 's'),
      whole: `${name}: ${things(value, 'step')}`,
      parts: [{ value, tone: 'plain' }],
    })),
    NARROW,
  )
  const numbers = table('Steps by latency', [{ name: 'Took' }, { name: 'Steps', number: true }], named.map(({ name, value }) => [name, count(value)])) // prettier-ignore
  const remark = `Half within ${milliseconds(latency.p50)}, 95 % within ${milliseconds(latency.p95)}, 99 % within ${milliseconds(latency.p99)}; the slowest took ${milliseconds(latency.max)}. Columns are by milliseconds.`
  return figure('latency', title, remark, picture, numbers)
}

/** The longest bars, and all numbers below. */
function barChart(id: string, title: string, remark: string, none: string, of: string, rows: readonly Bar[]): Markup {
  if (rows.length === 0) return figure(id, title, none, null, null)
  const more = rows.length - MOST_BARS
  const about = `${title}: ${rows.slice(0, 3).map(({ whole, label, said }) => `${whole ?? label} ${said}`).join(', ')}` // prettier-ignore
  const heads: Head[] = [{ name: of }, { name: 'Number', number: true }]
  const numbers = table(title, heads, rows.slice(0, MOST_ROWS).map(({ whole, label, said }) => [markup`<bdi>${whole ?? label}</bdi>`, said])) // prettier-ignore
  const left = more > 0 ? ` The ${MOST_BARS} largest of ${count(rows.length)}.` : ''
  return figure(id, title, remark + left, bars(id, about, rows.slice(0, MOST_BARS)), numbers)
}

const MOST_BARS = 8
const MOST_ROWS = 100
const WIDE = 760
const NARROW = 440

function byValue([, one]: readonly [string, number], [, other]: readonly [string, number]): number {
  return other - one
}

/** As much of a time as columns of this width need. */
function shown(at: number, width: number): string {
  const text = new Date(at).toISOString().replace('T', ' ')
  if (width === 0) return text.slice(0, 19)
  if (width < 60_000) return text.slice(11, 19)
  return width < 86_400_000 ? text.slice(5, 16) : text.slice(0, 10)
}

function spanOf(width: number): string {
  const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1_000]] as const // prettier-ignore
  const [unit, size] = units.find(([, each]) => width >= each) ?? units[3]
  return things(width / size, unit)
}
