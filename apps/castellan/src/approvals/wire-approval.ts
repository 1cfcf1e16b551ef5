import type { Approval as WireApproval } from '@castellan/contracts'
import type { Approval } from './approval.ts'

/** An approval as the outside sees it: over REST and in notices. */
export function wireApproval({ id, state, binding, asked, terms, ...approval }: Approval): WireApproval {
  return {
    id,
    state,
    digest: binding,
    requested_by: { ...asked.by },
    call_id: asked.callId,
    server: asked.server,
    capability: asked.capability,
    method: asked.method,
    effect: asked.effect,
    open_world: asked.openWorld,
    reasons: [...asked.reasons],
    policy_digest: asked.policyDigest,
    rule: terms.rule,
    approvers: [...terms.approvers],
    four_eyes: terms.fourEyes,
    quorum: terms.quorum,
    decisions: approval.decisions.map(decision => ({ ...decision })),
    requested_at: approval.requestedAt,
    expires_at: approval.expiresAt,
    used_by: approval.usedBy,
  }
}
