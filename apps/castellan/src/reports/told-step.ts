import type { ReportStep } from '@castellan/contracts'
import type { Entry } from '../journal/index.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'

/** What the entries of one step or call say, in the form it is reported in. Nothing is masked yet. Pure. */
export function toldStep(told: readonly Entry[]): ReportStep {
  const step = told.find(({ type }) => type === 'session.step')
  const call = told.filter(({ type }) => type !== 'session.step')
  const made = call.length === 0 ? noCall : toldCall(call)
  if (step === undefined) return { ...made, at: call.at(-1)!.at }
  const data = step.data as unknown as ReportStep
  return {
    ...made,
    at: data.at,
    call_id: data.call_id,
    channel: data.channel,
    cost_est: data.cost_est,
    decision: data.decision,
    error: data.error,
    guardrail_signals: signalsIn(step.data['guardrail_signals']),
    latency_ms: data.latency_ms,
    number: data.number,
    output_text: data.output_text,
    reused_fingerprints: [...data.reused_fingerprints],
    role: data.role,
    selected_tool: data.selected_tool,
    step_id: data.step_id,
    tokens_guessed: data.tokens_guessed,
    tokens_in: data.tokens_in,
    tokens_out: data.tokens_out,
  }
}

const noCall: ReportStep = {
  at: '',
  call_cost: null,
  call_id: null,
  call_tokens: 0,
  channel: 'llm_to_tool',
  cost_est: null,
  decision: 'open',
  error: null,
  guard: null,
  guardrail_signals: [],
  latency_ms: null,
  number: null,
  output_text: null,
  reasons: [],
  reused_fingerprints: [],
  role: 'assistant',
  run_id: null,
  selected_tool: null,
  step_id: null,
  tokens_guessed: false,
  tokens_in: 0,
  tokens_out: 0,
}

function toldCall(call: readonly Entry[]): ReportStep {
  const facts: JsonObject = Object.assign({}, ...call.map(({ data }) => data)) as JsonObject
  const { type, stream } = call.at(-1)!
  const ended = type !== 'call.intended'
  // What an intent holds is no cost: it is spent at the end.
  const charges = ended && isJsonObject(facts['charges']) ? facts['charges'] : null
  return {
    ...noCall,
    call_cost: charges === null || charges['unpriced'] === 1 ? null : numberIn(charges['money']) / 1_000_000,
    call_id: stream.slice('call:'.length),
    call_tokens: charges === null ? 0 : Math.round(numberIn(charges['tokens'])),
    decision: ended ? (textIn(facts['outcome']) ?? 'open') : 'open',
    error: textIn(facts['error']),
    guard: textIn(facts['guard']),
    guardrail_signals: call.flatMap(({ data }) =>
      isJsonObject(data['guardrail']) ? signalsIn(data['guardrail']['signals']) : [],
    ),
    latency_ms: typeof facts['latency_ms'] === 'number' ? facts['latency_ms'] : null,
    reasons: textsIn(facts['reasons']),
    run_id: textIn(facts['run']),
    selected_tool: toolIn(facts),
  }
}

/** As it is exposed on an endpoint of many servers; what was asked for when there is no such thing. */
function toolIn({ server, capability, asked }: JsonObject): string | null {
  return typeof server === 'string' && typeof capability === 'string' ? `${server}__${capability}` : textIn(asked)
}

function signalsIn(value: JsonValue | undefined): ReportStep['guardrail_signals'] {
  if (!Array.isArray(value)) return []
  return value.filter(isJsonObject).map(({ action, category, confidence, fingerprint, metric }) => ({
    action: textIn(action) ?? '',
    category: textIn(category) ?? '',
    confidence: numberIn(confidence),
    fingerprint: textIn(fingerprint),
    metric: textIn(metric) ?? '',
  }))
}

function textsIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

function textIn(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function numberIn(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0
}
