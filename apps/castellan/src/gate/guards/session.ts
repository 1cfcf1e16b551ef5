import { broken } from '../limits.ts'
import type { Guard } from '../guard.ts'
import { type SessionBook, termsOf } from '../session-terms.ts'
import { allow, deny } from '../verdict.ts'

/** Holds the calls of a session that was opened here to what was agreed when it was opened. */
export function sessionGuard(sessions: SessionBook): Guard {
  return {
    name: 'session',
    code: 'denied_limit',
    once: true,
    check(call) {
      const terms = termsOf(sessions, call)
      if (terms === null) return allow
      if (terms === 'closed') return deny('denied_limit', 'the session is closed')
      if (terms.principal !== call.identity.principal.id) return deny('denied_limit', 'the session is of somebody else')
      const reason = broken(terms.limits, call)
      if (reason) return deny('denied_limit', `the session: ${reason}`)
      return terms.take() ? allow : deny('denied_limit', `the session: its ${terms.limits.maxSteps} steps are used up`)
    },
  }
}
