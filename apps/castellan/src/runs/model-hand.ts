import type { HeldModel, Settled, Standing } from '../gate/index.ts'
import type { Action } from '../guardrails/index.ts'
import { isFault, type JsonValue } from '../kernel/index.ts'
import { guessUsage } from './guess-usage.ts'
import type { Answer, Listening } from './listening.ts'
import type { Message, Model, ModelReply, ModelRequest, ModelUsage } from './model.ts'
import type { Run } from './run.ts'
import { standingData } from './standing-data.ts'
import type { StepEnd, Work } from './step.ts'

export interface ModelHandParts {
  readonly model: Model
  /** Who hears the answer while it is made. */
  readonly listening: Pick<Listening, 'begin'>
  /** Takes what a step may use from the budgets that count it: null when none does. */
  readonly reserve: (
    run: Run,
    model: string,
    atMost: ModelUsage,
  ) => Promise<HeldModel | { readonly is: 'refused'; readonly standing: Standing } | null>
  /** A text without the secrets that are known. */
  readonly conceal: (text: string) => string
  /** What the guardrails make of a text that a model is told, or says. */
  readonly inspect: (run: Run, text: string, stage: 'model_input' | 'model_output') => Promise<Inspected>
}

export interface Inspected {
  readonly verdict: Action
  /** The text as it may be passed on, unless it is blocked. */
  readonly text: string
  /** What was found, without the text. */
  readonly noted: readonly JsonValue[]
}

type ModelWork = Extract<Work, { is: 'model' }>

/** Asks a model for one step. Whether it is asked again, or another one is, decides whoever reads how this ended. */
export async function askModel(
  parts: ModelHandParts,
  run: Run,
  work: ModelWork,
  signal: AbortSignal,
  hold: number,
): Promise<StepEnd> {
  const { timeout, again } = work
  const input = await inspected(parts, run, work.request)
  if (input.is === 'blocked') return blocked('what the model would be told', input.noted)
  const { request } = input
  const atMost = mostUsed(request)
  const held = await parts.reserve(run, request.model, atMost)
  if (held?.is === 'refused') return overBudget(held.standing)
  // What an earlier life of the run asked for may have been billed, and nobody learned how much it was.
  const settle = (used: ModelUsage) => settledBy(held, again ? sum(used, atMost) : used)
  const late = AbortSignal.timeout(timeout)
  try {
    const reply = await answered(parts, { run, step: work.step, hold }, request, AbortSignal.any([signal, late]))
    const { calls, finish, usage, answeredBy } = reply
    const { verdict, text, noted } = await parts.inspect(run, reply.text, 'model_output')
    if (verdict === 'block') return { ...blocked('what the model said', noted), ...settle(usage) }
    return {
      is: 'ended',
      outcome: 'ok',
      data: {
        ...(input.noted.length + noted.length === 0 ? {} : { guardrail: [...input.noted, ...noted] }),
        answered_by: answeredBy,
        finish,
        tokens_in: usage.input,
        tokens_out: usage.output,
        tokens_cached: usage.cached,
        ...(usage.guessed ? { tokens_guessed: true } : {}),
      },
      payload: { text: parts.conceal(text), calls: calls as unknown as JsonValue, finish },
      ...settle(usage),
    }
  } catch (error) {
    // A step that is broken off is billed as far as it got, which nobody is told.
    if (signal.aborted) return { is: 'ended', outcome: 'cancelled', data: {}, ...settle(asked(atMost)) }
    if (late.aborted) {
      const why = `it did not answer within ${timeout} ms`
      return { is: 'ended', outcome: 'unavailable', data: { why }, ...settle(asked(atMost)) }
    }
    held?.release()
    if (!isFault(error)) throw error
    const after = error.details['retry_after_ms']
    return {
      is: 'ended',
      outcome: error.retryable ? 'unavailable' : 'error',
      data: { fault: error.code, why: error.message, ...(typeof after === 'number' ? { retry_after_ms: after } : {}) },
    }
  }
}

/** What the model says, of which those who listen hear pieces while it is made, and none once it is there. */
async function answered(
  { model, listening }: ModelHandParts,
  answer: Answer,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<ModelReply> {
  const aloud = listening.begin(answer)
  try {
    return await model.step(request, signal, delta => aloud.say(delta))
  } finally {
    aloud.end()
  }
}

type Input =
  | { readonly is: 'clear'; readonly request: ModelRequest; readonly noted: readonly JsonValue[] }
  | { readonly is: 'blocked'; readonly noted: readonly JsonValue[] }

/** The request as it may be sent. What the model itself said was looked at when it said it. */
async function inspected({ inspect }: ModelHandParts, run: Run, request: ModelRequest): Promise<Input> {
  const messages: Message[] = []
  const noted: JsonValue[] = []
  for (const message of request.messages) {
    if (message.role === 'assistant') {
      messages.push(message)
      continue
    }
    const { verdict, text, noted: found } = await inspect(run, message.text, 'model_input')
    noted.push(...found)
    if (verdict === 'block') return { is: 'blocked', noted }
    messages.push(text === message.text ? message : { ...message, text })
  }
  return { is: 'clear', request: { ...request, messages }, noted }
}

function blocked(what: string, noted: readonly JsonValue[]): Extract<StepEnd, { is: 'ended' }> {
  return { is: 'ended', outcome: 'denied_guardrail', data: { why: `a guardrail keeps back ${what}`, guardrail: noted } }
}

function overBudget(standing: Standing): StepEnd {
  const why = `the budget "${standing.name}" is spent`
  return { is: 'ended', outcome: 'denied_budget', data: { why, ...standingData(standing) } }
}

function settledBy(held: HeldModel | null, used: ModelUsage): { readonly settled?: Settled } {
  return held === null ? {} : { settled: held.settle(used) }
}

/** What a step may use: what it says, and an answer as long as it may be. */
function mostUsed(request: ModelRequest): ModelUsage {
  const { input } = guessUsage(request, { text: '', calls: [] })
  return { input, output: request.maxTokens ?? LONG_ANSWER, cached: 0, guessed: true }
}

function asked({ input }: ModelUsage): ModelUsage {
  return { input, output: 0, cached: 0, guessed: true }
}

function sum(one: ModelUsage, other: ModelUsage): ModelUsage {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cached: one.cached + other.cached,
    guessed: true,
  }
}

/** Tokens that are reserved for an answer of which nobody said how long it may be. */
const LONG_ANSWER = 4_096
