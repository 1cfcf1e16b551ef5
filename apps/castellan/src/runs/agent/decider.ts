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
import type { Message, ModelReply, ModelRequest, ToolCall } from '../model.ts'
import type { Ask } from '../step.ts'
import type { AgentDefinition, AgentInput, AgentOutput } from './definition.ts'
import { LAST_WORDS, SAME_CALLS } from './limits.ts'
import { toolText } from './tool-text.ts'
import { summarised, summaryRequest, withinWindow } from './window.ts'

/** Where the loop of an agent stands. */
interface State {
  readonly definition: AgentDefinition | null
  readonly messages: readonly Message[]
  /** How often the model has answered. */
  readonly iterations: number
  readonly began: number
  /** Which of the models is asked, and how often it was in vain so far. */
  readonly model: number
  readonly failures: number
  /** How often an answer was asked for again, since it did not fit its schema. */
  readonly repairs: number
  /** Not before, in milliseconds of the epoch: the model asked for patience. */
  readonly notBefore: number
  /** The turn for which the conversation was made short, or could not be; 0 for none yet. */
  readonly shortened: number
  /** Why the model must hand back what it has now. */
  readonly cut: AgentOutput['cut']
  /** Tools the model asked for in its last answer; none while it is the model's turn. */
  readonly calls: readonly Pending[]
  /** How often the same was asked of the same tool. */
  readonly asked: Readonly<Record<string, number>>
  readonly usage: AgentOutput['usage']
  readonly answeredBy: string
  readonly end: End | null
}

interface Pending {
  readonly call: ToolCall
  /** Its step; null for one that is answered without a call. */
  readonly step: string | null
  readonly exposed: string
  readonly args: JsonObject
  /** What the model is told of it, once that is known. */
  readonly told: Extract<Message, { role: 'tool' }> | null
}

/**
 * The loop of an agent: ask the model, make the calls it wants, tell it what came of them, until it answers without wanting any.
 * At a limit it gets one more turn, without tools, to hand back what it has.
 */
export function modelBrain(validator: SchemaValidator): Decider<State> {
  return {
    begin: () => nothingYet,
    evolve: (state, happening) => evolve(state, happening, validator),
    decide,
    request,
  }
}

const nothingYet: State = {
  definition: null,
  messages: [],
  iterations: 0,
  began: 0,
  model: 0,
  failures: 0,
  repairs: 0,
  notBefore: 0,
  shortened: 0,
  cut: null,
  calls: [],
  asked: {},
  usage: { input: 0, output: 0, cached: 0, guessed: false },
  answeredBy: '',
  end: null,
}

function evolve(state: State, happening: Happening, validator: SchemaValidator): State {
  if (happening.is === 'began') return begun(state, happening)
  if (happening.is === 'asked') return state
  const { step, outcome, data, payload, at } = happening
  if (step.startsWith('s')) return heardSummary(state, outcome, data, payload, at)
  if (!step.startsWith('m')) return heardOfTool(state, step, outcome, payload)
  if (outcome === 'ok') return heardModel(state, data, payload as unknown as Reply, at, validator)
  return heardNothing(state, step, outcome, data, at)
}

function begun(state: State, { at, definition, input }: Extract<Happening, { is: 'began' }>): State {
  const agent = definition as unknown as AgentDefinition
  const { message, context } = input as unknown as AgentInput
  const background = context === null || (isJsonObject(context) && Object.keys(context).length === 0)
  const text = background ? message : `${message}\n\nContext, as JSON:\n${JSON.stringify(context)}`
  return {
    ...state,
    definition: agent,
    began: at,
    messages: [
      ...(agent.system === '' ? [] : [{ role: 'system', text: agent.system } as const]),
      { role: 'user', text },
    ],
  }
}

/** What is kept of an answer. */
type Reply = Pick<ModelReply, 'text' | 'calls' | 'finish'>

function heardModel(
  state: State,
  data: JsonObject,
  { text, calls, finish }: Reply,
  at: number,
  validator: SchemaValidator,
): State {
  const definition = state.definition!
  const answeredBy = definition.models[state.model]!
  const heard: State = {
    ...state,
    iterations: state.iterations + 1,
    failures: 0,
    notBefore: 0,
    answeredBy,
    usage: withUsage(state.usage, data),
    messages: [...state.messages, { role: 'assistant', text, calls }],
  }
  if (finish === 'filtered')
    return {
      ...heard,
      end: failed(heard, `the provider of ${answeredBy} kept its answer back`, text),
    }
  // Whoever may not call any more has answered, whatever else was wanted.
  if (calls.length === 0 || heard.cut !== null) {
    const cut = heard.cut ?? (finish === 'length' ? 'length' : limitOf(heard, at))
    return answered({ ...heard, cut }, text, validator)
  }
  const asked = { ...state.asked }
  const pending = calls.map((call, index): Pending => {
    const tool = definition.tools.find(({ name }) => name === call.tool)
    const key = `${call.tool} ${typeof call.args === 'string' ? call.args : canonicalize(call.args)}`
    asked[key] = (asked[key] ?? 0) + 1
    const refused = refusalOf(call, tool !== undefined, asked[key], definition)
    const args = isJsonObject(call.args) ? call.args : {}
    const step = refused === null ? `t${heard.iterations}.${index + 1}` : null
    const told =
      refused === null
        ? null
        : ({ role: 'tool', call: call.id, tool: call.tool, text: refused, isError: true } as const)
    return { call, step, exposed: tool?.exposed ?? '', args, told }
  })
  const loops = Math.max(...Object.values(asked)) > SAME_CALLS + SAME_CALLS
  return settled({ ...heard, asked, calls: pending, cut: limitOf(heard, at) ?? (loops ? 'loop' : null) })
}

/** Why a tool is not called, in words for the model; null when it is. */
function refusalOf(call: ToolCall, known: boolean, times: number, { tools }: AgentDefinition): string | null {
  if (!known)
    return `There is no tool "${call.tool}". There are: ${tools.map(({ name }) => name).join(', ') || 'none'}.`
  if (!isJsonObject(call.args))
    return 'The arguments are not a JSON object. Call the tool again with arguments that fit its schema.'
  if (times > SAME_CALLS)
    return `You have called this tool ${SAME_CALLS} times with the very same arguments; it was not called again. Do something else, or answer with what you know.`
  return null
}

function heardOfTool(state: State, step: string, outcome: string, payload: JsonValue | undefined): State {
  return settled({
    ...state,
    calls: state.calls.map(each => {
      if (each.step !== step) return each
      const { text, isError } = toolText(outcome, payload)
      return { ...each, told: { role: 'tool', call: each.call.id, tool: each.call.tool, text, isError } }
    }),
  })
}

/** Once all that was asked for is known, it is the model's turn again. */
function settled(state: State): State {
  const told = state.calls.map(each => each.told)
  if (told.length === 0 || told.includes(null)) return state
  return { ...state, calls: [], messages: [...state.messages, ...told.filter(each => each !== null)] }
}

/** What was said of the oldest turns stands for them from now on. Without it, what is too long is cut. */
function heardSummary(
  state: State,
  outcome: string,
  data: JsonObject,
  payload: JsonValue | undefined,
  at: number,
): State {
  const turn = state.iterations + 1
  if (outcome === 'ok') {
    const { text, finish } = payload as unknown as Reply
    const messages = finish === 'filtered' || text.trim() === '' ? state.messages : shorter(state, text)
    return { ...state, failures: 0, notBefore: 0, shortened: turn, usage: withUsage(state.usage, data), messages }
  }
  const failures = state.failures + 1
  if (outcome === 'unavailable' && failures < ATTEMPTS)
    return { ...state, failures, notBefore: at + pauseAfter(failures, data) }
  return { ...state, failures: 0, notBefore: 0, shortened: turn }
}

function shorter(state: State, summary: string): readonly Message[] {
  // What the model is told besides at a limit is no part of the conversation.
  return summarised({ ...wholeRequest(state), messages: state.messages }, windowOf(state), summary)
}

function heardNothing(state: State, step: string, outcome: string, data: JsonObject, at: number): State {
  const { models } = state.definition!
  const why = typeof data['why'] === 'string' ? data['why'] : `the model did not answer (${outcome})`
  const failures = state.failures + 1
  if (outcome === 'unavailable' && failures < ATTEMPTS) {
    return { ...state, failures, notBefore: at + pauseAfter(failures, data) }
  }
  if (state.model + 1 < models.length) return { ...state, model: state.model + 1, failures: 0, notBefore: 0 }
  return { ...state, end: failed(state, why, '', [step]) }
}

/** Milliseconds until a model is asked again. */
function pauseAfter(failures: number, data: JsonObject): number {
  const asked = typeof data['retry_after_ms'] === 'number' ? data['retry_after_ms'] : 0
  return Math.min(LONGEST_PAUSE, Math.max(asked, FIRST_PAUSE * 2 ** (failures - 1)))
}

function decide(state: State, now: number): Decision {
  const { definition, end, calls } = state
  if (definition === null) return { asks: [], until: null, ends: null }
  if (end !== null) return { asks: [], until: null, ends: end }
  const left = Math.max(LAST_WORDS, state.began + definition.timeout - now)
  if (calls.length > 0) {
    const asks = calls.flatMap(({ step, exposed, args, told }): Ask[] =>
      step === null || told !== null
        ? []
        : [{ is: 'tool', step, tool: exposed, args, timeout: Math.min(definition.toolTimeout, left) }],
    )
    return { asks, until: null, ends: null }
  }
  if (state.notBefore > now) return { asks: [], until: state.notBefore, ends: null }
  const model = definition.models[state.model]!
  const step = stepOf(state, summaryOf(state) === null ? 'm' : 's')
  return { asks: [{ is: 'model', step, model, timeout: left }], until: null, ends: null }
}

/** One for each time a model is asked: for its turn, or before it for a summary of what was. */
function stepOf({ iterations, model, failures }: State, what: 'm' | 's'): string {
  return `${what}${iterations + 1}.${model + 1}.${failures + 1}`
}

/** What is asked before the next turn, when the conversation has become too long; null when it has not. */
function summaryOf(state: State): ModelRequest | null {
  if (state.shortened === state.iterations + 1) return null
  return summaryRequest({ ...wholeRequest(state), messages: state.messages }, windowOf(state))
}

function request(state: State, step: string): ModelRequest {
  const summary = step.startsWith('s') ? summaryOf(state) : null
  return summary ?? withinWindow(wholeRequest(state), windowOf(state))
}

function windowOf({ definition }: State): number {
  return definition!.contextTokens ?? Infinity
}

function wholeRequest(state: State): ModelRequest {
  const { models, tools, output, temperature, maxTokens } = state.definition!
  const last = state.cut !== null
  return {
    model: models[state.model]!,
    messages: last ? [...state.messages, { role: 'user', text: handBack[state.cut] }] : state.messages,
    tools: tools.map(({ name, description, schema }) => ({ name, description, schema })),
    toolChoice: last ? 'none' : 'auto',
    // Models that must answer in a form do not ask for tools, so while there are tools the form is asked for at the end.
    output,
    temperature,
    maxTokens,
  }
}

/** The limit that is reached once the model has been asked as often, and has taken as long, as it has. */
function limitOf({ definition, iterations, began }: State, at: number): AgentOutput['cut'] {
  if (at - began >= definition!.timeout) return 'timeout'
  return iterations + 1 >= definition!.maxIterations ? 'iterations' : null
}

/** An answer that does not fit its schema is asked for again, with what is wrong, before the run fails of it. */
function answered(state: State, text: string, validator: SchemaValidator): State {
  const { output } = state.definition!
  if (output === null) return { ...state, end: { is: 'completed', output: outputOf(state, text) } }
  const structured = parsed(text)
  const wrong =
    structured === undefined
      ? ['it is no JSON']
      : validator.check(digestJson(output), output, structured).map(({ at, message }) => `${at} ${message}`.trim())
  if (wrong.length === 0)
    return { ...state, end: { is: 'completed', output: outputOf(state, text, structured ?? null) } }
  if (state.cut === null && state.repairs < MOST_REPAIRS) {
    const said = `Your answer does not fit its schema: ${wrong.join('; ')}. Answer again, with JSON that fits and nothing else.`
    return { ...state, repairs: state.repairs + 1, messages: [...state.messages, { role: 'user', text: said }] }
  }
  const why = `the answer does not fit the schema of the agent: ${wrong.join('; ')}`
  return { ...state, end: failed(state, why, text) }
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseStrict(text)
  } catch {
    return undefined
  }
}

function failed(state: State, why: string, text: string, steps: readonly string[] = []): End {
  return { is: 'failed', why, steps, output: outputOf(state, text) }
}

function outputOf(
  { cut, answeredBy, usage, iterations }: State,
  response: string,
  structured: JsonValue = null,
): JsonValue {
  const output: AgentOutput = { response, structured, cut, model: answeredBy, usage, iterations }
  return output as unknown as JsonValue
}

function withUsage(usage: AgentOutput['usage'], data: JsonObject): AgentOutput['usage'] {
  return {
    input: usage.input + Number(data['tokens_in'] ?? 0),
    output: usage.output + Number(data['tokens_out'] ?? 0),
    cached: usage.cached + Number(data['tokens_cached'] ?? 0),
    guessed: usage.guessed || data['tokens_guessed'] === true,
  }
}

const handBack: Readonly<Record<Exclude<AgentOutput['cut'], null>, string>> = {
  iterations: 'You have used all your turns. Answer now with what you have found, and say what is missing.',
  timeout: 'The time is up. Answer now with what you have found, and say what is missing.',
  loop: 'You repeat yourself. Answer now with what you have found, and say what is missing.',
  length: '',
}

/** Times an answer is asked for again. */
const MOST_REPAIRS = 2
/** Times a model is asked before the next one is. */
const ATTEMPTS = 3
/** Milliseconds. */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 30_000
