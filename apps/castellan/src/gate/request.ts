import type { JsonValue } from '../kernel/index.ts'
import type { Identity } from '../identity/index.ts'
import type { Primitive, View } from '../registry/index.ts'
import type { Standing } from './budgets/hold.ts'
import type { CallContext, GivenInput, TaskMethod } from './call.ts'
import type { CallIo } from './connector.ts'
import type { DenialCode, Outcome } from './verdict.ts'

/** What a surface asks of the gate: nothing in it has been judged or even parsed for meaning. */
export interface CallRequest {
  /** Null when nobody could be identified. */
  readonly identity: Identity | null
  readonly view: View
  /**
   * `tool`, `resource` and `prompt` are used by name or URI; `completion` completes an argument of one of them,
   * `subscription` asks to be told when a resource changes, and `task` is about what a call of a tool became.
   */
  readonly use: 'tool' | 'resource' | 'prompt' | 'completion' | 'subscription' | 'task'
  /** For a completion, what is completed. */
  readonly as: Primitive
  /** What is asked about a task; for `task` alone. */
  readonly about?: TaskMethod
  /** Exposed name or URI. */
  readonly name: string
  /** Anything a client may have sent; undefined stands for no arguments. */
  readonly args: unknown
  readonly context: CallContext
  /** Answers to what the server asked for when the same was asked before; absent the first time. */
  readonly input?: GivenInput
  /** Milliseconds the caller waits for a person to decide, when one has to; absent when it does not wait. */
  readonly patience?: number
  readonly io: CallIo
}

/** What a surface gets back; every case carries the id under which the journal knows the call. */
export type Answer =
  | {
      readonly is: 'outcome'
      readonly callId: string
      readonly outcome: Outcome
      readonly replayOf: string | null
      /** What the guardrails noted of arguments and result, as it is journaled; absent when there is nothing. */
      readonly noted?: readonly JsonValue[]
    }
  | {
      readonly is: 'denied'
      readonly callId: string
      readonly code: DenialCode
      readonly message: string
      /** Whether the refusal is that nothing of this name is there for the caller. */
      readonly unknown: boolean
      /** For `denied_schema` only: what to mend, without values. */
      readonly violations: readonly { readonly at: string; readonly message: string }[]
      /** For `denied_budget` only: how the budget stands. */
      readonly standing?: Standing
      /** As of an outcome. */
      readonly noted?: readonly JsonValue[]
    }
  /** Nothing was sent; the same call again is let pass, once, when the approval has been given. */
  | { readonly is: 'needsApproval'; readonly callId: string; readonly approvalId: string; readonly expiresAt: string }
  /** Every guard would have let the call pass; nothing was sent. */
  | { readonly is: 'dryRun'; readonly callId: string }
