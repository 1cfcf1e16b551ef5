import type { Call } from './call.ts'
import type { Verdict } from './verdict.ts'

/**
 * One check on the way of a frozen call. Anything but `allow` ends the way. A guard that throws has not allowed: the gate
 * denies with the guard's own code.
 */
export interface Guard {
  readonly name: string
  /** What a failure of the guard itself is called. */
  readonly code: Extract<Verdict, { is: 'deny' }>['code']
  check(call: Call, signal: AbortSignal): Verdict | Promise<Verdict>
}
