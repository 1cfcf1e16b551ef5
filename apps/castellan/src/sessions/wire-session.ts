import type * as wire from '@castellan/contracts'
import type { Noted, Session, Step } from './session.ts'

export function wireSession(session: Session): wire.Session {
  const { limits, guardrails, totals, preflight } = session
  return {
    id: session.id,
    name: session.name,
    model_name: session.model,
    principal: session.principal,
    state: session.state,
    policy_config: {
      allowlist: limits.allow && [...limits.allow],
      blocklist: [...limits.block],
      no_network: limits.noNetwork,
      dry_run: limits.dryRun,
      max_steps: limits.maxSteps,
    },
    guardrail_config: { ...guardrails },
    config_hash: session.configHash,
    rules_hash: session.rulesHash,
    preflight: { verdict: preflight.verdict, signals: preflight.signals.map(wireSignal) },
    opened_at: session.openedAt,
    closed_at: session.closedAt,
    totals: {
      steps: totals.steps,
      tokens_in: totals.tokensIn,
      tokens_out: totals.tokensOut,
      cost: totals.cost / 1_000_000,
      unpriced: totals.unpriced,
      latency_ms: Math.round(totals.latency * 1_000) / 1_000,
      decisions: { ...totals.decisions },
      channels: { ...totals.channels },
      tools: { ...totals.tools },
    },
  }
}

/** A step as it is answered, and with its texts shortened as it is journaled. */
export function wireStep(step: Step): wire.SessionStep {
  return {
    step_id: step.id,
    number: step.number,
    role: step.role,
    channel: step.channel,
    selected_tool: step.tool,
    decision: step.decision,
    output_text: step.output,
    error: step.error,
    latency_ms: step.latency,
    tokens_in: step.tokensIn,
    tokens_out: step.tokensOut,
    tokens_guessed: step.tokensGuessed,
    cost_est: step.cost === null ? null : step.cost / 1_000_000,
    guardrail_signals: step.signals.map(wireSignal),
    reused_fingerprints: [...step.reused],
    call_id: step.callId,
    at: step.at,
  }
}

function wireSignal(signal: Noted): wire.SessionStep['guardrail_signals'][number] {
  return { ...signal } as wire.SessionStep['guardrail_signals'][number]
}
