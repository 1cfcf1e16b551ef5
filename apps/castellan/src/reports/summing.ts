import type { ReportSession, ReportStep, ReportSummary } from '@castellan/contracts'
import { Latencies } from './latencies.ts'
import type { Charts } from './report.ts'
import { Tally } from './tally.ts'
import { fateOf, Timeline } from './timeline.ts'

/** Adds up steps as they come; of a step nothing is kept but numbers. */
export class Summing {
  readonly #decisions = new Tally(() => ({ count: 0 }))
  readonly #tools = new Tally(() => ({ count: 0 }))
  readonly #denials = new Tally(() => ({ count: 0 }))
  readonly #violations = new Tally(() => ({ count: 0 }))
  readonly #reused = new Tally(() => ({ count: 0 }))
  readonly #models = new Tally(() => ({ steps: 0, tokens_in: 0, tokens_out: 0, micros: 0, unpriced: 0 }))
  readonly #paid = new Tally(() => ({ calls: 0, micros: 0, tokens: 0, unpriced: 0 }))
  readonly #latencies = new Latencies()
  readonly #timeline = new Timeline()
  readonly #tokens = { guessed_steps: 0, in: 0, of_calls: 0, out: 0 }
  #steps = 0
  #loose = 0
  #first: string | null = null
  #last: string | null = null

  /** A step of a session with this model, with its names masked. */
  add(step: ReportStep, model: string | null): void {
    const { at, decision, selected_tool: tool } = step
    this.#steps++
    if (step.number === null) this.#loose++
    if (this.#first === null || at < this.#first) this.#first = at
    if (this.#last === null || at > this.#last) this.#last = at
    this.#timeline.add(Date.parse(at), fateOf(decision))
    if (step.latency_ms !== null) this.#latencies.add(step.latency_ms)
    this.#decisions.at(decision).count++
    if (tool !== null) this.#tools.at(tool).count++
    if (isDenied(step)) this.#denials.at(JSON.stringify([decision, tool])).count++
    for (const { action, category, metric } of step.guardrail_signals)
      this.#violations.at(JSON.stringify([metric, category, action])).count++
    for (const fingerprint of step.reused_fingerprints) this.#reused.at(fingerprint).count++
    this.#pay(step, model)
  }

  summary(sessions: number): ReportSummary {
    const models = this.#models.entries().map(([name, { micros, ...sum }]) => ({
      cost: micros / MICROS,
      model_name: name.startsWith('(') ? name : (JSON.parse(name) as string | null),
      steps: sum.steps,
      tokens_in: sum.tokens_in,
      tokens_out: sum.tokens_out,
      unpriced: sum.unpriced,
    }))
    const tools = this.#paid.entries().map(([tool, { micros, ...sum }]) => ({
      calls: sum.calls,
      cost: micros / MICROS,
      tokens: sum.tokens,
      tool,
      unpriced: sum.unpriced,
    }))
    const paid = [...this.#models.entries(), ...this.#paid.entries()].map(([, sum]) => sum)
    const reused = this.#reused.entries()
    return {
      cost: {
        by_model: models,
        by_tool: tools,
        total: paid.reduce((total, { micros }) => total + micros, 0) / MICROS,
        unpriced: paid.reduce((total, { unpriced }) => total + unpriced, 0),
      },
      decisions: countsOf(this.#decisions),
      denials: this.#denials
        .entries()
        .map(([of, { count }]) => {
          const [code, tool] = partsOf(of)
          return { code: code!, count, tool: tool ?? null }
        })
        .sort(byCount),
      first_at: this.#first,
      last_at: this.#last,
      latency_ms: this.#latencies.summary(),
      reused_fingerprints: {
        distinct: reused.length,
        total: reused.reduce((total, [, { count }]) => total + count, 0),
      },
      tokens: this.#tokens,
      tools_used: countsOf(this.#tools),
      total_loose_calls: this.#loose,
      total_sessions: sessions,
      total_steps: this.#steps,
      violations: this.#violations
        .entries()
        .map(([of, { count }]) => {
          const [metric, category, action] = partsOf(of)
          return { action: action ?? '', category: category ?? '', count, metric: metric! }
        })
        .sort(byCount),
    }
  }

  charts(): Charts {
    return { timeline: this.#timeline.buckets(), latencies: this.#latencies.histogram() }
  }

  #pay(step: ReportStep, model: string | null): void {
    const { tokens_in: input, tokens_out: output, cost_est: cost } = step
    this.#tokens.in += input
    this.#tokens.out += output
    this.#tokens.of_calls += step.call_tokens
    if (step.tokens_guessed && input + output > 0) this.#tokens.guessed_steps++
    if (input + output > 0) {
      const sum = this.#models.at(JSON.stringify(model))
      sum.steps++
      sum.tokens_in += input
      sum.tokens_out += output
      sum.micros += microsOf(cost)
      sum.unpriced += cost === null ? 1 : 0
    }
    if (!wasMade(step)) return
    const sum = this.#paid.at(step.selected_tool ?? '')
    sum.calls++
    sum.tokens += step.call_tokens
    sum.micros += microsOf(step.call_cost)
    sum.unpriced += step.call_cost === null ? 1 : 0
  }
}

/** The totals of a session with one step more. */
export function withStep(totals: ReportSession['totals'], step: ReportStep): void {
  const { decision, tokens_in: input, tokens_out: output } = step
  totals.cost = (microsOf(totals.cost) + microsOf(step.cost_est) + microsOf(step.call_cost)) / MICROS
  totals.decisions[decision] = (totals.decisions[decision] ?? 0) + 1
  totals.denied += isDenied(step) ? 1 : 0
  totals.steps++
  totals.tokens_in += input
  totals.tokens_out += output
  totals.unpriced += input + output > 0 && step.cost_est === null ? 1 : 0
  totals.unpriced += wasMade(step) && step.call_cost === null ? 1 : 0
}

export function isDenied({ decision }: ReportStep): boolean {
  return fateOf(decision) === 'denied'
}

/** Whether the step called a tool that was let in, and so may have cost something. */
function wasMade({ call_id: call, decision, guard }: ReportStep): boolean {
  return call !== null && guard === null && !notMade.has(decision)
}

const notMade: ReadonlySet<string> = new Set(['needs_approval', 'dry_run', 'open'])

/** Millionths are added, since whole numbers add up to the same in any order. */
const MICROS = 1_000_000

function microsOf(money: number | null): number {
  return money === null ? 0 : Math.round(money * MICROS)
}

function countsOf(tally: Tally<{ count: number }>): Record<string, number> {
  return Object.fromEntries(tally.entries().map(([name, { count }]) => [name, count]))
}

/** What a name was made of; the sum of all others has none. */
function partsOf(name: string): (string | null)[] {
  return name.startsWith('[') ? (JSON.parse(name) as (string | null)[]) : [name]
}

function byCount(one: { readonly count: number }, other: { readonly count: number }): number {
  return other.count - one.count
}
