import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import { callOnce, type ToolHandParts } from './tool-hand.ts'
import type { Run } from './run.ts'
import type { StepEnd, Work } from './step.ts'
import { resultText } from './result-text.ts'
import type { Evaluated, Expressions } from './workflow/expressions.ts'
import { word } from './word.ts'

export interface ProbeHandParts {
  readonly tools: ToolHandParts
  readonly expressions: Pick<Expressions, 'evaluate'>
}

type ProbeWork = Extract<Work, { is: 'probe' }>
type Probed = Extract<StepEnd, { is: 'probed' }>

/**
 * Asks the tool that can say whether a call took effect, in a call of its own: on behalf of the owner of the run, judged, paid and
 * journaled like any other. Nothing is settled here: whoever writes down what it says does that.
 */
export async function probe(
  { tools, expressions }: ProbeHandParts,
  run: Run,
  work: ProbeWork,
  signal: AbortSignal,
): Promise<StepEnd> {
  const { tool, args, call, timeout, step, attempt, times } = work
  const found = tools.verification(run.tenant, tool)
  if (found === null) return unable({ why: 'nobody says any more how it is verified' })
  const { how, asks } = found
  const filled = await expressions.evaluate(how.args, { args }, signal)
  if (signal.aborted) return { is: 'dropped' }
  if (filled.is === 'failed' || !isJsonObject(filled.value))
    return unable({ why: `the arguments cannot be told: ${whyOf(filled, 'they are no object')}` })
  const key = `run:${run.id}:${step}:${attempt}:probe:${times + 1}`
  const asked = { tool: asks, args: filled.value, timeout, again: true, approval: null, key, causationId: call }
  const end = await callOnce(tools, run, asked, signal)
  if (end.is === 'dropped' || signal.aborted) return { is: 'dropped' }
  if (end.is !== 'ended') return unable({ outcome: 'needs_approval', why: 'people would have to agree first' })
  const said = { ...callOf(end.data), outcome: end.outcome }
  if (end.outcome !== 'ok') return { ...unable({ ...said, why: whyNot(end) }), again: !isRefused(end.outcome) }
  const result = isJsonObject(end.payload) && isJsonObject(end.payload['result']) ? end.payload['result'] : {}
  const scope = { args, result, text: resultText(result) }
  const happened = await expressions.evaluate(how.happened, scope, signal)
  if (signal.aborted) return { is: 'dropped' }
  if (happened.is === 'failed' || typeof happened.value !== 'boolean')
    return unable({
      ...said,
      why: `whether it happened is not said: ${whyOf(happened, 'it is neither true nor false')}`,
    })
  if (happened.value) {
    const told = how.result === null ? null : await expressions.evaluate(how.result, scope, signal)
    return signal.aborted ? { is: 'dropped' } : { ...settles(said), happened: true, result: resultOf(told) }
  }
  if (attempt >= MOST_ATTEMPTS) return unable({ ...said, why: `it has not happened, and was made ${attempt} times` })
  return { ...settles(said), happened: false, result: null }
}

function settles({ call }: JsonObject): Probed {
  return { is: 'probed', happened: null, result: null, again: false, data: call === undefined ? {} : { call } }
}

function unable(data: JsonObject): Probed {
  return { is: 'probed', happened: null, result: null, again: false, data }
}

function callOf({ call }: JsonObject): JsonObject {
  return call === undefined ? {} : { call }
}

/** Whether asking the very same again comes to the same. */
function isRefused(outcome: string): boolean {
  return outcome.startsWith('denied_') || outcome === 'dry_run' || outcome === 'input_required'
}

function whyNot({ outcome, data, payload }: Extract<StepEnd, { is: 'ended' }>): string {
  const carried = isJsonObject(payload) ? payload : {}
  if (isJsonObject(carried['result'])) return resultText(carried['result']).slice(0, 500).toWellFormed()
  return word(carried['message']) || word(data['why']) || `it ended with ${outcome}`
}

function whyOf(evaluated: Evaluated, otherwise: string): string {
  return evaluated.is === 'failed' ? evaluated.why : otherwise
}

/** What stands for the answer of the call, as a result of MCP. */
function resultOf(told: Evaluated | null): JsonObject {
  if (told?.is !== 'value' || told.value === null) return HAPPENED
  const { value } = told
  if (isJsonObject(value) && Array.isArray(value['content'])) return value
  return {
    content: [{ type: 'text', text: asText(value) }],
    ...(isJsonObject(value) ? { structuredContent: value } : {}),
  }
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Stands for a result that nobody knows. */
const HAPPENED: JsonObject = {
  content: [{ type: 'text', text: 'It took effect, as its server says; what it answered is not known.' }],
}

/** Times that a call is made of which its server says each time that it has not happened. */
const MOST_ATTEMPTS = 3
