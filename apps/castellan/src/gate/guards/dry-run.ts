import type { Call } from '../call.ts'
import type { Guard } from '../guard.ts'
import type { Rules } from '../rules.ts'
import { inForce, type SessionBook, termsOf } from '../session-terms.ts'
import { allow } from '../verdict.ts'

/** Stops a call that everyone else allowed, when the caller or a limit asks only to have it judged. */
export function dryRunGuard(rules: Rules, sessions: SessionBook): Guard {
  const isOnlyJudged = (call: Call) => {
    if (call.context.dryRun || rules.limitsFor(call.identity).some(limits => limits.dryRun)) return true
    return inForce(termsOf(sessions, call))?.limits.dryRun ?? false
  }
  return { name: 'dry-run', code: 'denied_limit', check: call => (isOnlyJudged(call) ? { is: 'dryRun' } : allow) }
}
