import type { JsonObject } from '../kernel/index.ts'
import type { Call } from './call.ts'
import type { CallIo } from './connector.ts'
import type { Outcome, Verdict } from './verdict.ts'

/**
 * One check on the way of a frozen call. A denial, a dry run and an earlier answer end the way. Who asks for the approval of a
 * person does not: the others are heard first, since only what everyone else would let pass is worth a person's time.
 * A guard that throws has not allowed: the gate denies with the guard's own code.
 */
export interface Guard {
  readonly name: string
  /** What a failure of the guard itself is called. */
  readonly code: Extract<Verdict, { is: 'deny' }>['code']
  /** Takes something of the caller with each check, and so is not heard again when the same call comes back from a person. */
  readonly once?: true
  check(call: Call, passage: Passage): Verdict | Promise<Verdict>
  /** Stands between the server and the client while an allowed call is under way; the very same when it has nothing to do. */
  between?(call: Call, passage: Passage): CallIo
  /** Looks at how an allowed call ended, before anyone else does. When it throws, nobody gets to see it. */
  review?(call: Call, outcome: Outcome, passage: Passage): Review | Promise<Review>
}

/** What is told of a call that ended. */
export interface Review {
  readonly outcome: Outcome
  /** Journaled with the end of the call. */
  readonly facts?: JsonObject
  /** What whoever reads the outcome has read from now on, such as `untrusted`. */
  readonly labels?: readonly string[]
}

/** What goes along with a call on its way and is not of the call. */
export interface Passage {
  readonly io: CallIo
  /** What the guards before said of the call, as it is journaled. */
  readonly facts: JsonObject
  /** Whether a policy demands that personal data and secrets be taken out of what comes back. */
  readonly mustRedact: boolean
}
