import type { FaultCode, JsonObject } from '../kernel/index.ts'
import type { EffectClass } from '../registry/index.ts'
import type { Hold, Standing } from './budgets/hold.ts'

/** Wire names of the ways a call may be refused; the same on every surface and in the journal. */
export type DenialCode =
  | 'denied_identity'
  | 'denied_schema'
  | 'denied_policy'
  | 'denied_limit'
  | 'denied_guardrail'
  | 'denied_budget'
  | 'denied_pin'

/** A guard's answer. A denial is an answer, not an exception; its reasons go to the journal, never to the caller. */
export type Verdict =
  /** Facts, when given, are journaled with the call. What is held for it is released unless it runs. */
  | { readonly is: 'allow'; readonly facts?: JsonObject; readonly mustRedact?: boolean; readonly hold?: Hold }
  | {
      readonly is: 'deny'
      readonly code: DenialCode
      readonly reasons: readonly string[]
      readonly facts?: JsonObject
      /** Of the budget that is spent; the one reason that the caller is told. */
      readonly standing?: Standing
    }
  | {
      readonly is: 'needsApproval'
      readonly reasons: readonly string[]
      readonly facts?: JsonObject
      readonly mustRedact?: boolean
      readonly hold?: Hold
    }
  | { readonly is: 'answered'; readonly outcome: Outcome; readonly by: string }
  | { readonly is: 'dryRun'; readonly facts?: JsonObject }

export const allow: Verdict = { is: 'allow' }

export function deny(code: DenialCode, ...reasons: readonly string[]): Extract<Verdict, { is: 'deny' }> {
  return { is: 'deny', code, reasons }
}

/** What became of a call that was allowed. */
export type Outcome =
  | { readonly is: 'ok' | 'toolError'; readonly result: JsonObject }
  /** The server asks the caller for more before it goes on; the same call comes again with it. */
  | { readonly is: 'inputRequired'; readonly result: JsonObject }
  /** A JSON-RPC error: of the server as it came, or ours, and then with the code of its fault. */
  | { readonly is: 'failed'; readonly error: UpstreamError; readonly fault: FaultCode | null }
  | { readonly is: 'timeout' | 'cancelled'; readonly message: string }
  /** The call was made, and a guardrail keeps back what came of it. */
  | { readonly is: 'withheld'; readonly message: string }
  /** The request may or may not have taken effect; it was not and will not be repeated by us. */
  | { readonly is: 'indeterminate'; readonly message: string }

export interface UpstreamError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** The name of an outcome on the wire and in the journal. */
export function wireOutcome(outcome: Outcome): string {
  switch (outcome.is) {
    case 'ok':
    case 'timeout':
    case 'cancelled':
    case 'indeterminate':
      return outcome.is
    case 'inputRequired':
      return 'input_required'
    case 'withheld':
      return 'denied_guardrail'
    case 'toolError':
    case 'failed':
      return 'error'
    default:
      throw outcome satisfies never
  }
}

/** What stands for an outcome that nobody is to see. */
export function withheld(effect: EffectClass): Extract<Outcome, { is: 'withheld' }> {
  const advice = effect === 'read' ? '' : ' Do not repeat it: whatever it changes has been changed.'
  return { is: 'withheld', message: `The call was made, and a guardrail keeps back what came of it.${advice}` }
}

/** What is said of a call that waits for people. */
export function needsApproval({
  approvalId,
  expiresAt,
}: {
  readonly approvalId: string
  readonly expiresAt: string
}): string {
  return `A person must agree first (approval ${approvalId}, to be decided before ${expiresAt}). Nothing was sent; make the very same call again once it is approved.`
}

/** The one public sentence of each denial: the same whatever the reason was. */
export const denialSentences: Readonly<Record<DenialCode, string>> = {
  denied_identity: 'The call was refused: the caller is not, or no longer, identified.',
  denied_schema: 'The call was refused: its arguments do not fit the schema of the tool.',
  denied_policy: 'The call was refused by policy.',
  denied_limit: 'The call was refused: a limit of this caller does not allow it now.',
  denied_guardrail: 'The call was refused by a guardrail.',
  denied_budget: 'The call was refused: the budget is spent.',
  denied_pin: 'The call was refused: the definition of the tool changed and awaits review.',
}
