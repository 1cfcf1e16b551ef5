import type { Guardrails } from '../guardrails/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { Budgets } from './budgets/budgets.ts'
import type { CallStore } from './call-store.ts'
import type { Guard } from './guard.ts'
import { budgetGuard } from './guards/budget.ts'
import { dedupeGuard } from './guards/dedupe.ts'
import { dryRunGuard } from './guards/dry-run.ts'
import { guardrailGuard } from './guards/guardrail.ts'
import { limitsGuard } from './guards/limits.ts'
import { type PinKeeper, pinGuard } from './guards/pin.ts'
import { policyGuard } from './guards/policy.ts'
import { sessionGuard } from './guards/session.ts'
import type { Labels } from './labels.ts'
import type { PolicyEngine } from './policy-engine.ts'
import type { Rules } from './rules.ts'
import type { SessionBook } from './session-terms.ts'

export { freezeCall, identify, resolve } from './admit.ts'

/**
 * The way of a call through the gate. Before it there is only a request:
 *
 *   identify    first: every later step and every journal line names a principal
 *   resolve     what is not granted looks exactly like what does not exist
 *   freezeCall  canonical arguments, valid by schema, frozen: all that follows judges the very ones that will run
 *
 * and then the frozen call meets these guards, in this order:
 */
export function path(parts: {
  readonly pins: PinKeeper
  readonly rules: Rules
  readonly sessions: SessionBook
  readonly labels: Labels
  readonly guardrails: () => Promise<Guardrails>
  readonly engines: readonly PolicyEngine[]
  readonly calls: CallStore
  readonly budgets: Budgets
  readonly clock: Clock
}): readonly Guard[] {
  return [
    pinGuard(parts.pins), // a definition that drifted is not the one that was reviewed, so nothing about it can be trusted
    limitsGuard(parts.rules, parts.clock), // cheap and local: a flood is turned away before anyone has to think
    sessionGuard(parts.sessions), // as cheap, and of a session that was opened here
    guardrailGuard(parts), // policy may read what they find, so they come first
    policyGuard(parts.engines), // no answer from an engine means deny
    // (approval) only what policy would allow is worth a person's time
    dryRunGuard(parts.rules, parts.sessions), // after all judgement, before anything is claimed, spent or sent
    dedupeGuard(parts.calls), // before budget: replaying an earlier outcome costs nothing
    budgetGuard(parts.budgets), // reserves last, so that no refusal has to give anything back; settled once the outcome is known
  ]
}
