import type { Action, GuardrailWish } from '../guardrails/index.ts'
import type { Limits } from '../gate/index.ts'

/** Some use of the gate in steps, with limits of its own and an account of what was done. */
export interface Session {
  readonly id: string
  readonly tenant: string
  readonly principal: { readonly id: string; readonly name: string }
  readonly name: string
  /** `provider/model`, as prices know it; null when nobody said. */
  readonly model: string | null
  readonly limits: Pick<Limits, 'allow' | 'block' | 'noNetwork' | 'dryRun' | 'maxSteps'>
  readonly guardrails: Pick<GuardrailWish, 'mode' | 'thresholds'>
  /** Over model, limits and guardrails: the same wishes have the same. */
  readonly configHash: string
  /** Over detectors and the settings that are in force for the session: under the same the same text is judged alike. */
  readonly rulesHash: string
  readonly preflight: Preflight
  readonly state: 'open' | 'closed'
  readonly openedAt: string
  readonly closedAt: string | null
  readonly totals: Totals
  readonly version: number
}

/** What was seen in the texts a session begins with. */
export interface Preflight {
  readonly verdict: Action
  readonly signals: readonly Noted[]
}

/** A finding without its text. */
export interface Noted {
  readonly metric: string
  readonly category: string
  readonly confidence: number
  readonly action: string
  /** Of the provider, its version and rules, the stage and the text, so that the same finding is known again; null for calls. */
  readonly fingerprint: string | null
}

export type StepRole = 'user' | 'assistant' | 'tool' | 'system'
/** Who speaks to whom. */
export type Channel = 'user_to_llm' | 'llm_to_user' | 'llm_to_tool' | 'tool_to_llm'

export interface Step {
  readonly id: string
  /** From 1. */
  readonly number: number
  readonly role: StepRole
  readonly channel: Channel
  /** Exposed name; null for a step that calls none. */
  readonly tool: string | null
  /** `ok`, `error`, a denial code, or another wire name of an outcome. */
  readonly decision: string
  /** What may be passed on; as it is kept, at most 200 characters of it. */
  readonly output: string | null
  readonly error: string | null
  /** Milliseconds. */
  readonly latency: number
  readonly tokensIn: number
  readonly tokensOut: number
  /** Whether nobody said how many tokens there were, so that they were guessed by the length of the text. */
  readonly tokensGuessed: boolean
  /** Millionths of the currency; null when the model has no price. */
  readonly cost: number | null
  readonly signals: readonly Noted[]
  /** Those of its signals that were seen in the preflight already. */
  readonly reused: readonly string[]
  readonly callId: string | null
  readonly at: string
}

export interface Totals {
  readonly steps: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly cost: number
  /** Steps of a model without a price. */
  readonly unpriced: number
  readonly latency: number
  readonly decisions: Readonly<Record<string, number>>
  readonly channels: Readonly<Record<string, number>>
  readonly tools: Readonly<Record<string, number>>
}

export const nothingYet: Totals = {
  steps: 0,
  tokensIn: 0,
  tokensOut: 0,
  cost: 0,
  unpriced: 0,
  latency: 0,
  decisions: {},
  channels: {},
  tools: {},
}

/** The totals with one step more. Pure. */
export function withStep(totals: Totals, step: Step): Totals {
  return {
    steps: totals.steps + 1,
    tokensIn: totals.tokensIn + step.tokensIn,
    tokensOut: totals.tokensOut + step.tokensOut,
    cost: totals.cost + (step.cost ?? 0),
    unpriced: totals.unpriced + (step.cost === null && step.tokensIn + step.tokensOut > 0 ? 1 : 0),
    latency: totals.latency + step.latency,
    decisions: counted(totals.decisions, step.decision),
    channels: counted(totals.channels, step.channel),
    tools: step.tool === null ? totals.tools : counted(totals.tools, step.tool),
  }
}

function counted(counts: Readonly<Record<string, number>>, key: string): Record<string, number> {
  return { ...counts, [key]: (counts[key] ?? 0) + 1 }
}
