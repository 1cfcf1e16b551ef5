import type { Guard } from '../guard.ts'
import type { Rules } from '../rules.ts'
import { allow } from '../verdict.ts'

/** Stops a call that everyone else allowed, when the caller or a limit asks only to have it judged. */
export function dryRunGuard(rules: Rules): Guard {
  return {
    name: 'dry-run',
    code: 'denied_limit',
    check: call =>
      call.context.dryRun || rules.limitsFor(call.identity).some(limits => limits.dryRun) ? { is: 'dryRun' } : allow,
  }
}
