import type { JsonObject } from '../kernel/index.ts'
import type { JudgedCall } from './decision-log.ts'
import { isHidden } from './kept-arguments.ts'
import type { PolicyEngine, PolicyInput } from './policy-engine.ts'
import { questionAgain } from './policy-input.ts'
import { decisionsIn, type EngineDecision, type Ruling, rulingOf } from './ruling.ts'

/** Why a call was ruled as it was, and whether it would be today. */
export interface Explanation {
  /** Null when policy was never asked. */
  readonly ruling: Ruling | null
  readonly decisions: readonly EngineDecision[]
  /** The guard that stopped the call, and its reasons; null when none did. */
  readonly stopped: { readonly guard: string; readonly reasons: readonly string[] } | null
  /** Without its arguments, see {@link Explanation.args}; null when they were not recorded. */
  readonly question: Omit<PolicyInput, 'args'> | null
  readonly args: JsonObject | null
  /** Whether the arguments are as policy saw them, lack secrets that were taken out, are erased, or were never kept. */
  readonly kept: 'whole' | 'redacted' | 'gone' | 'never'
  /** What the engines say now; null, and why, when they cannot be asked. */
  readonly today:
    | { readonly ruling: Ruling; readonly decisions: readonly EngineDecision[]; readonly same: boolean }
    | { readonly ruling: null; readonly why: string }
}

/** Explains a call from what was journaled, and asks the engines that decide now the very same. */
export async function explain(
  call: JudgedCall,
  engines: readonly PolicyEngine[],
  signal: AbortSignal,
): Promise<Explanation> {
  const { data, args } = call
  const decisions = decisionsIn(data)
  const asked = questionAgain(call, args ?? {})
  const guard = data['guard'] as string | undefined
  const reasons = data['reasons'] as readonly string[] | undefined
  const known = {
    ruling: decisions.length > 0 ? rulingOf(decisions) : null,
    decisions,
    stopped: guard === undefined ? null : { guard, reasons: reasons ?? [] },
    question: asked && withoutArguments(asked),
    args,
    kept: keptOf(call),
  } as const
  const reads = engines.map(engine => engine.reads?.(call.tenant) ?? 'all')
  const why = whyNotAgain(known, reads)
  if (why !== null || !asked) return { ...known, today: { ruling: null, why: why ?? UNRECORDED } }
  const today = await Promise.all(
    engines.map(async engine => ({ engine: engine.name, ...(await engine.decide(asked, signal)) })),
  )
  const ruling = rulingOf(today)
  return { ...known, today: { ruling, decisions: today, same: ruling === known.ruling } }
}

const UNRECORDED = 'the version of Castellan that decided did not keep what it was asked'

function whyNotAgain(
  { ruling, question, args, kept }: Pick<Explanation, 'ruling' | 'question' | 'args' | 'kept'>,
  reads: readonly (ReadonlySet<string> | 'all')[],
): string | null {
  if (ruling === null) return 'policy was not asked about this call'
  if (question === null) return UNRECORDED
  if (args === null) return 'the arguments are no longer kept'
  if (kept === 'redacted' && reads.some(each => isHidden(args, each)))
    return 'secrets were taken out of the arguments before they were kept, where the policies look'
  return null
}

function keptOf({ data, args }: JudgedCall): Explanation['kept'] {
  if (data['args'] === undefined) return 'never'
  if (args === null) return 'gone'
  return data['args_redacted'] === true ? 'redacted' : 'whole'
}

function withoutArguments({ args: _, ...question }: PolicyInput): Omit<PolicyInput, 'args'> {
  return question
}
