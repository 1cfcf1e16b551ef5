import type { SchemaValidator } from '../../gate/index.ts'
import {
  canonicalize,
  digestJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseStrict,
} from '../../kernel/index.ts'
import type { Decider, Decision, End, Happening } from '../decider.ts'
import type { Computation } from '../step.ts'
import { isPlain } from '../workflow/expressions.ts'
import type { AgentDefinition, AgentInput, AgentOutput } from './definition.ts'
import { LAST_WORDS, SAME_CALLS } from './limits.ts'
import { firstThatFits, type Rule } from './rules.ts'
import { toolText } from './tool-text.ts'

/** Where an agent that goes by rules stands. */
interface State {
  readonly definition: AgentDefinition
  readonly input: AgentInput
  readonly began: number
  /** Whose turn it is, from 1: the rules are asked once in each. */
  readonly iteration: number
  readonly observations: readonly Observation[]
  /** The rule that fits in this turn; null before that is known. */
  readonly rule: number | null
  /** What the rule does, with its expressions evaluated; null before that is known. */
  readonly done: JsonValue | null
  /** How often the same was asked of the same tool. */
  readonly asked: Readonly<Record<string, number>>
  /** Why nothing is called any more. */
  readonly cut: AgentOutput['cut']
  readonly end: End | null
}

/** What became of a call, as rules see it. */
interface Observation {
  readonly tool: string
  readonly args: JsonObject
  /** `ok`, `error`, `denied_policy` and the like. */
  readonly outcome: string
  readonly is_error: boolean
  readonly text: string
  /** As a result of MCP; null when there is none. */
  readonly result: JsonValue
}

/**
 * The loop of an agent that has no model: the first rule that fits says which tool to call or what to answer, with what was observed so
 * far, until one answers. At a limit nothing is called any more. What the rules come to is a step of the run, evaluated once.
 */
export function rulesBrain(validator: SchemaValidator): Decider<State | null> {
  return {
    begin: () => null,
    evolve: (state, happening) => evolve(state, happening, validator),
    decide: (state, now) => (state === null ? nothing : decide(state, now)),
    request: (_, step) => {
      throw new Error(`no model is asked by rules: ${step}`)
    },
    compute: (state, step) => computation(state!, step),
  }
}

const nothing: Decision = { asks: [], until: null, ends: null }

function evolve(state: State | null, happening: Happening, validator: SchemaValidator): State | null {
  if (happening.is === 'began') {
    const { at: began, definition, input } = happening
    const known = { definition: definition as unknown as AgentDefinition, input: input as unknown as AgentInput, began }
    const turn = { iteration: 1, observations: [], rule: null, done: null, asked: {}, cut: null, end: null }
    return limited({ ...known, ...turn }, began)
  }
  if (happening.is === 'asked' || state === null) return state
  const { step, outcome, data, payload, at } = happening
  if (step.startsWith('t')) return observed(state, outcome, payload, at)
  const value = isJsonObject(payload) ? (payload['value'] ?? null) : null
  if (outcome !== 'ok') {
    const why = typeof data['why'] === 'string' ? data['why'] : outcome
    return failed(state, state.rule === null ? `the rules cannot be evaluated: ${why}` : `${nameOf(state)}: ${why}`)
  }
  if (state.rule !== null) return does(state, isJsonObject(value) ? (value['do'] ?? null) : null, validator)
  if (typeof value !== 'number') return withoutRule(state)
  const chosen = { ...state, rule: value }
  const what = whatOf(chosen)
  return isPlain(what) ? does(chosen, what, validator) : chosen
}

/** What the rule of this turn does is known. */
function does(state: State, value: JsonValue, validator: SchemaValidator): State {
  const rule = ruleOf(state)
  if ('answer' in rule.do) return answered(state, value, validator)
  if (state.cut !== null) return handedBack(state, state.cut)
  const { tool } = rule.do
  if (!state.definition.tools.some(({ name }) => name === tool))
    return failed(state, `${nameOf(state)} wants the tool "${tool}", which is not there`)
  if (!isJsonObject(value)) return failed(state, `${nameOf(state)}: the arguments are no object`)
  const key = `${tool} ${canonicalize(value)}`
  const times = (state.asked[key] ?? 0) + 1
  if (times > SAME_CALLS) return handedBack(state, 'loop')
  return { ...state, done: value, asked: { ...state.asked, [key]: times } }
}

function observed(state: State, outcome: string, payload: JsonValue | undefined, at: number): State {
  const rule = ruleOf(state)
  const tool = 'tool' in rule.do ? rule.do.tool : ''
  const { text, isError } = toolText(outcome, payload)
  const result = isJsonObject(payload) ? (payload['result'] ?? null) : null
  const seen: Observation = { tool, args: state.done as JsonObject, outcome, is_error: isError, text, result }
  const observations = [...state.observations, seen]
  return limited({ ...state, observations, iteration: state.iteration + 1, rule: null, done: null }, at)
}

function limited(state: State, at: number): State {
  const { definition, began, iteration } = state
  if (at - began >= definition.timeout) return { ...state, cut: 'timeout' }
  return iteration >= definition.maxIterations ? { ...state, cut: 'iterations' } : state
}

function answered(state: State, value: JsonValue, validator: SchemaValidator): State {
  const { output } = state.definition
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (output === null) return ended(state, text, typeof value === 'string' ? null : value, null)
  const structured = typeof value === 'string' ? parsed(value) : value
  const wrong =
    structured === undefined
      ? ['it is no JSON']
      : validator.check(digestJson(output), output, structured).map(({ at, message }) => `${at} ${message}`.trim())
  if (wrong.length === 0) return ended(state, text, structured ?? null, null)
  return failed(state, `the answer does not fit the schema of the agent: ${wrong.join('; ')}`)
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseStrict(text)
  } catch {
    return undefined
  }
}

/** At a limit there is what was observed last. */
function handedBack(state: State, cut: AgentOutput['cut']): State {
  return ended(state, state.observations.at(-1)?.text ?? '', null, cut)
}

function ended(state: State, response: string, structured: JsonValue, cut: AgentOutput['cut']): State {
  return { ...state, end: { is: 'completed', output: outputOf(state, response, structured, cut) } }
}

/** A call that came to nothing, and that no rule takes up, is why. */
function withoutRule(state: State): State {
  const { iteration, observations } = state
  const last = observations.at(-1)
  const why = `no rule fits in turn ${iteration}`
  if (last?.is_error !== true) return failed(state, why)
  return failed(state, `${why}, after the tool "${last.tool}" came to ${last.outcome}`, [callOf(iteration - 1)])
}

function failed(state: State, why: string, steps: readonly string[] = []): State {
  return { ...state, end: { is: 'failed', why, steps, output: outputOf(state, '', null, null) } }
}

function outputOf(state: State, response: string, structured: JsonValue, cut: AgentOutput['cut']): JsonValue {
  const usage = { input: 0, output: 0, cached: 0, guessed: false }
  const output: AgentOutput = { response, structured, cut, model: '', usage, iterations: state.iteration }
  return output as unknown as JsonValue
}

function decide(state: State, now: number): Decision {
  const { definition, began, iteration, rule, done, end } = state
  if (end !== null) return { ...nothing, ends: end }
  if (rule === null) return { ...nothing, asks: [{ is: 'compute', step: `r${iteration}` }] }
  if (done === null) return { ...nothing, asks: [{ is: 'compute', step: `r${iteration}:do` }] }
  const what = ruleOf(state).do
  const tool = definition.tools.find(({ name }) => 'tool' in what && name === what.tool)!
  const left = Math.max(LAST_WORDS, began + definition.timeout - now)
  const timeout = Math.min(definition.toolTimeout, left)
  return {
    ...nothing,
    asks: [{ is: 'tool', step: callOf(iteration), tool: tool.exposed, args: done as JsonObject, timeout }],
  }
}

function computation(state: State, step: string): Computation {
  const { input, observations, iteration, definition } = state
  const scope = { message: input.message, context: input.context, observations, iteration } as unknown as JsonObject
  const template = step.endsWith(':do') ? { do: whatOf(state) } : firstThatFits(definition.rules!)
  return { template, scope, callbacks: {} }
}

function ruleOf({ definition, rule }: State): Rule {
  return definition.rules![rule!]!
}

function whatOf(state: State): JsonValue {
  const what = ruleOf(state).do
  return 'answer' in what ? what.answer : what.args
}

/** The step of the call that is made in a turn. */
function callOf(iteration: number): string {
  return `t${iteration}.1`
}

/** As its author counts them. */
function nameOf({ rule }: State): string {
  return `rule ${rule! + 1}`
}
