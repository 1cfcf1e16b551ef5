import type { CallDecision, PolicyDecision, ReplayReport } from '@castellan/contracts'
import {
  demandsOf,
  type EngineDecision,
  type Explanation,
  type JudgedCall,
  type Replay,
  withoutValues,
} from '../../../gate/index.ts'

/** `versions` has the numbers of policy sets by their digests; `whole` lets the values of arguments be seen. */
export function wireExplanation(
  { id, at, outcome }: JudgedCall,
  { ruling, decisions, stopped, question, args, kept, today }: Explanation,
  versions: ReadonlyMap<string, number>,
  whole: boolean,
): CallDecision {
  const shown = (each: EngineDecision) => wireDecision(each, versions)
  return {
    call_id: id,
    at,
    outcome,
    ruling,
    decisions: decisions.map(shown),
    stopped_by: stopped && { guard: stopped.guard, reasons: [...stopped.reasons] },
    question: question && {
      principal: { ...question.principal, roles: [...question.principal.roles] },
      method: question.method,
      server: question.capability.server,
      name: question.capability.name,
      effect: question.capability.effect,
      open_world: question.capability.openWorld,
      trusted: question.capability.trusted,
      labels: [...question.labels],
      found: [...question.found],
      via: question.via,
      dry_run: question.dryRun,
    },
    args: args && { ...(whole ? args : withoutValues(args)) },
    kept,
    today:
      today.ruling === null
        ? { ruling: null, same: null, decisions: [], why: today.why }
        : { ruling: today.ruling, same: today.same, decisions: today.decisions.map(shown), why: null },
  }
}

export function wireReplay(
  about: Readonly<Record<'engine' | 'candidate' | 'inForce' | 'since' | 'until', string>>,
  { calls, judged, changed, unjudged, unrepeated, changes, beyond }: Replay,
): ReplayReport {
  return {
    engine: about.engine,
    candidate: about.candidate,
    in_force: about.inForce,
    since: about.since,
    until: about.until,
    calls,
    judged,
    changed,
    unjudged: {
      not_asked: unjudged.notAsked,
      unrecorded: unjudged.unrecorded,
      gone: unjudged.gone,
      redacted: unjudged.redacted,
    },
    unrepeated,
    changes: changes.map(each => ({ ...each, examples: [...each.examples], reasons: [...each.reasons] })),
    beyond,
  }
}

function wireDecision(decision: EngineDecision, versions: ReadonlyMap<string, number>): PolicyDecision {
  const { engine, allow, reasons, policyDigest, obligations, decisionId, revision } = decision
  return {
    engine,
    allow,
    reasons: [...reasons],
    digest: policyDigest,
    version: versions.get(policyDigest) ?? null,
    obligations: obligations ? demandsOf(obligations) : [],
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    ...(revision === undefined ? {} : { revision }),
  }
}
