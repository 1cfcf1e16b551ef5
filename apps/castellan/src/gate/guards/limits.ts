import type { Clock } from '../../kernel/index.ts'
import type { Call } from '../call.ts'
import type { Guard } from '../guard.ts'
import { broken, type Limits } from '../limits.ts'
import type { Rules } from '../rules.ts'
import { TokenBuckets } from '../token-buckets.ts'
import { allow, deny } from '../verdict.ts'

/** Keeps every limit that applies to the caller. Counts are of this process and start anew with it. */
export function limitsGuard(rules: Rules, clock: Clock): Guard {
  const buckets = new TokenBuckets(clock)
  const steps = new Map<string, number>()
  return {
    name: 'limits',
    code: 'denied_limit',
    once: true,
    check(call) {
      const applying = rules.limitsFor(call.identity)
      for (const limits of applying) {
        const reason = broken(limits, call)
        if (reason) return deny('denied_limit', `${limits.name}: ${reason}`)
      }
      for (const limits of applying) {
        if (overSteps(limits, call, steps))
          return deny('denied_limit', `${limits.name}: ${limits.maxSteps} steps are used up`)
        if (!withinRates(limits, call, buckets)) return deny('denied_limit', `${limits.name}: too many calls at once`)
      }
      return allow
    },
  }
}

function overSteps(limits: Limits, call: Call, steps: Map<string, number>): boolean {
  const { sessionId } = call.context
  if (limits.maxSteps === null || sessionId === null) return false
  const key = `${limits.id} ${call.identity.principal.id} ${sessionId}`
  const used = steps.get(key) ?? 0
  if (used >= limits.maxSteps) return true
  // Re-inserted so that the oldest session is the first to be forgotten when there are too many.
  steps.delete(key)
  steps.set(key, used + 1)
  if (steps.size > MAX_SESSIONS) steps.delete(steps.keys().next().value!)
  return false
}

function withinRates(limits: Limits, call: Call, buckets: TokenBuckets): boolean {
  const principal = `${limits.id} ${call.identity.principal.id}`
  if (limits.perPrincipal && !buckets.take(principal, limits.perPrincipal)) return false
  const tool = `${limits.id} ${call.server.id}/${call.capability.name}`
  return !limits.perTool || buckets.take(tool, limits.perTool)
}

const MAX_SESSIONS = 100_000
