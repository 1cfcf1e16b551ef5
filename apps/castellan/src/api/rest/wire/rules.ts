import type { z } from 'zod'
import type { Guardrails as WireGuardrails, Limits as WireLimits, limitsInput } from '@castellan/contracts'
import type { GuardrailSet, Limits, Rate } from '../../../gate/index.ts'
import { formatDuration, parseDuration } from '../../../kernel/index.ts'

export function limitsSpec(
  name: string,
  input: Omit<z.output<typeof limitsInput>, 'to'>,
  to: Limits['to'],
): Omit<Limits, 'id' | 'tenant' | 'version'> {
  return {
    name,
    to,
    allow: input.allow,
    block: input.block,
    noNetwork: input.no_network,
    dryRun: input.dry_run,
    maxSteps: input.max_steps,
    perPrincipal: rate(input.per_principal),
    perTool: rate(input.per_tool),
  }
}

export function wireLimits(limits: Limits): WireLimits {
  return {
    id: limits.id,
    name: limits.name,
    to: limits.to,
    allow: limits.allow && [...limits.allow],
    block: [...limits.block],
    no_network: limits.noNetwork,
    dry_run: limits.dryRun,
    max_steps: limits.maxSteps,
    per_principal: wireRate(limits.perPrincipal),
    per_tool: wireRate(limits.perTool),
    version: limits.version,
  }
}

export function wireGuardrails(set: GuardrailSet): WireGuardrails {
  const { mode, thresholds, categories, providers, rules, mixing, version } = set
  return {
    mode,
    thresholds: { ...thresholds },
    categories: { ...categories },
    providers: providers ? [...providers] : null,
    rules: rules.map(wireRule),
    mixing,
    version,
  }
}

function wireRule(rule: GuardrailSet['rules'][number]): WireGuardrails['rules'][number] {
  return {
    ...rule,
    tools: [...rule.tools],
    stages: rule.stages && [...rule.stages],
    thresholds: { ...rule.thresholds },
    categories: { ...rule.categories },
    providers: rule.providers ? [...rule.providers] : null,
    labels: [...rule.labels],
  }
}

function rate(given: { calls: number; per: string } | null): Rate | null {
  return given && { calls: given.calls, per: parseDuration(given.per) }
}

function wireRate(given: Rate | null): { calls: number; per: string } | null {
  return given && { calls: given.calls, per: formatDuration(given.per) }
}
