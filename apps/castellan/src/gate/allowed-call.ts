import type { Call } from './call.ts'

/**
 * A call that passed every guard. The private field makes the type nominal, and only `gate/` exports a way to make one,
 * so code that would touch a tool around the gate does not compile.
 */
export class AllowedCall {
  readonly #passed = true
  readonly call: Call

  private constructor(call: Call) {
    this.call = call
  }

  /** For `gate.ts` alone: `gate/index.ts` exports the type and not the class. */
  static of(call: Call): AllowedCall {
    return new AllowedCall(call)
  }

  /** Whether a value was made by the gate, and not shaped to look like it. */
  static is(value: unknown): value is AllowedCall {
    return typeof value === 'object' && value !== null && #passed in value
  }
}
