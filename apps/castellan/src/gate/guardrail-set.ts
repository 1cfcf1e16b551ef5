import type { Action, GuardrailWish, Mode, Stage } from '../guardrails/index.ts'
import { matchesPattern } from '../registry/index.ts'

/** What a tenant wants of its guardrails. What it does not say is as by default. */
export interface GuardrailSet {
  readonly tenant: string
  readonly mode: Mode
  readonly thresholds: NonNullable<GuardrailWish['thresholds']>
  readonly categories: Readonly<Record<string, Action>>
  /** Names of the providers that may be asked; null, and what was stored before there were any, for all there are. */
  readonly providers?: readonly string[] | null
  /** What is different for some tools: of those that match, the later has the last word. */
  readonly rules: readonly GuardrailRule[]
  /** What becomes of a call that could change or reach something after its session has read untrusted and confidential things. */
  readonly mixing: Mixing
  /** 0 for the defaults, which nobody has changed. */
  readonly version: number
}

/** The stages of calls; others are of nobody's tools. */
export type ToolStage = Extract<Stage, 'tool_manifest' | 'arguments' | 'result'>

export type Mixing = 'approve' | 'deny' | 'allow'

export interface GuardrailRule {
  /** Patterns over `server/name`. */
  readonly tools: readonly string[]
  /** Where it holds; null for everywhere. */
  readonly stages: readonly ToolStage[] | null
  /** Whether texts are looked at at all. */
  readonly scan: boolean
  /** Null to leave it as it is. */
  readonly mode: Mode | null
  readonly thresholds: NonNullable<GuardrailWish['thresholds']>
  readonly categories: Readonly<Record<string, Action>>
  /** Null to leave it as it is. */
  readonly providers?: readonly string[] | null
  /** What whoever reads a result of these tools has read, whatever is in it: such as `confidential`. */
  readonly labels: readonly string[]
}

/** What holds for one tool at one stage. */
export interface GuardrailTerms {
  /** Null when texts are not looked at. */
  readonly wish: GuardrailWish | null
  readonly labels: readonly string[]
}

export function guardrailsByDefault(tenant: string): GuardrailSet {
  return {
    tenant,
    mode: 'mixed',
    thresholds: {},
    categories: {},
    providers: null,
    rules: [],
    mixing: 'approve',
    version: 0,
  }
}

export function termsFor(set: GuardrailSet, tool: string, stage: ToolStage): GuardrailTerms {
  const applying = set.rules.filter(
    ({ tools, stages }) =>
      (stages === null || stages.includes(stage)) && tools.some(pattern => matchesPattern(pattern, tool)),
  )
  const labels = [...new Set(applying.flatMap(rule => rule.labels))]
  if (applying.at(-1)?.scan === false) return { wish: null, labels }
  return {
    wish: {
      mode: applying.findLast(({ mode }) => mode !== null)?.mode ?? set.mode,
      thresholds: Object.assign(
        {},
        set.thresholds,
        ...applying.map(({ thresholds }) => thresholds),
      ) as GuardrailSet['thresholds'],
      categories: Object.assign(
        {},
        set.categories,
        ...applying.map(({ categories }) => categories),
      ) as GuardrailSet['categories'],
      providers: applying.findLast(({ providers }) => (providers ?? null) !== null)?.providers ?? set.providers ?? null,
    },
    labels,
  }
}
