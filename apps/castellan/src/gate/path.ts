import type { Clock } from '../kernel/index.ts'
import type { CallStore } from './call-store.ts'
import type { Guard } from './guard.ts'
import { dedupeGuard } from './guards/dedupe.ts'
import { dryRunGuard } from './guards/dry-run.ts'
import { limitsGuard } from './guards/limits.ts'
import { policyGuard } from './guards/policy.ts'
import type { PolicyEngine } from './policy-engine.ts'
import type { Rules } from './rules.ts'

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
  readonly rules: Rules
  readonly engines: readonly PolicyEngine[]
  readonly calls: CallStore
  readonly clock: Clock
}): readonly Guard[] {
  return [
    // (pins)     a definition that drifted is not the one that was reviewed, so nothing about it can be trusted
    limitsGuard(parts.rules, parts.clock), // cheap and local: a flood is turned away before anyone has to think
    // (inspect)  policy may read what the guardrails found, so they come first
    policyGuard(parts.engines), // no answer from an engine means deny
    // (approval) only what policy would allow is worth a person's time
    dryRunGuard(parts.rules), // after all judgement, before anything is claimed, spent or sent
    dedupeGuard(parts.calls), // before budget: replaying an earlier outcome costs nothing
    // (budget)   reserves last, so that no refusal has to give anything back; settled once the outcome is known
  ]
}
