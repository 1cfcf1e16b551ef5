import type { JsonObject } from '../kernel/index.ts'
import type { Decision, Obligations } from './policy-engine.ts'

/** What all engines together say of a call, with all that any of them demands. */
export type Ruling = 'allow' | 'needs_approval' | 'dry_run' | 'deny'

export function rulingOf(decisions: readonly Pick<Decision, 'allow' | 'obligations'>[]): Ruling {
  if (decisions.length === 0 || !decisions.every(each => each.allow)) return 'deny'
  const demanded = (what: keyof Obligations) => decisions.some(each => each.obligations?.[what])
  // What is not run needs nobody's approval.
  if (demanded('dryRun')) return 'dry_run'
  return demanded('requireApproval') ? 'needs_approval' : 'allow'
}

/** A decision, and who made it. */
export interface EngineDecision extends Decision {
  readonly engine: string
}

/** A decision as the journal has it. Its keys are in order, as in all data of calls. */
export function recordedDecision(engine: string, decision: Decision): JsonObject {
  const { allow, reasons, policyDigest, obligations, decisionId, revision } = decision
  return {
    allow,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    digest: policyDigest,
    engine,
    ...(obligations === undefined ? {} : { obligations: demandsOf(obligations) }),
    reasons,
    ...(revision === undefined ? {} : { revision }),
  }
}

/** The decisions of a call's first journal line; empty when policy was not asked. */
export function decisionsIn(data: JsonObject): readonly EngineDecision[] {
  const recorded = data['policy'] as readonly RecordedDecision[] | undefined
  return (recorded ?? []).map(({ allow, decision_id: decisionId, digest, engine, obligations, reasons, revision }) => ({
    engine,
    allow,
    reasons,
    policyDigest: digest,
    ...(obligations === undefined ? {} : { obligations: obligationsOf(obligations) }),
    ...(decisionId === undefined ? {} : { decisionId }),
    ...(revision === undefined ? {} : { revision }),
  }))
}

/** The names of what is demanded. */
export function demandsOf({ requireApproval, redact, dryRun }: Obligations): string[] {
  return [
    ...(requireApproval ? ['require_approval'] : []),
    ...(redact ? ['redact'] : []),
    ...(dryRun ? ['dry_run'] : []),
  ]
}

interface RecordedDecision {
  readonly allow: boolean
  readonly decision_id?: string
  readonly digest: string
  readonly engine: string
  readonly obligations?: readonly string[]
  readonly reasons: readonly string[]
  readonly revision?: string
}

function obligationsOf(demands: readonly string[]): Obligations {
  return {
    requireApproval: demands.includes('require_approval'),
    redact: demands.includes('redact'),
    dryRun: demands.includes('dry_run'),
  }
}
