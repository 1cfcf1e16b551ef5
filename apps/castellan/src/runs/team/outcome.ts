import type { JsonValue } from '../../kernel/index.ts'
import type { Verdict, Voice } from './definition.ts'

/** What a protocol has come to. */
export type Outcome = { readonly is: 'open' } | Decided | Failed

interface Decided {
  readonly is: 'decided'
  readonly response: string
  readonly structured: JsonValue
  readonly verdict: Verdict | null
  readonly dissent: readonly Voice[]
  /** What the board had when it was decided, by version: what comes later counts no more. */
  readonly asOf: number
  readonly cut: 'tokens' | null
}

interface Failed {
  readonly is: 'failed'
  /** A sentence for the owner. */
  readonly why: string
  /** The steps whose ends that tells of. */
  readonly steps: readonly string[]
  /** Whoever said what they wanted is heard all the same. */
  readonly dissent: readonly Voice[]
}

export const open: Outcome = { is: 'open' }

export function failed(why: string, steps: readonly string[] = [], dissent: readonly Voice[] = []): Failed {
  return { is: 'failed', why, steps, dissent }
}

export function answered(
  { response, structured }: { readonly response: string; readonly structured: JsonValue },
  asOf = Infinity,
): Decided {
  return { is: 'decided', response, structured, verdict: null, dissent: [], asOf, cut: null }
}

/** A value as an answer: a text is one as it stands. */
export function valueAnswered(value: JsonValue): Decided {
  const response = typeof value === 'string' ? value : JSON.stringify(value)
  return answered({ response, structured: typeof value === 'string' ? null : value })
}
