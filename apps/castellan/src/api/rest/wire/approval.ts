import type { z } from 'zod'
import type { approvalRuleInput, ApprovalRule as WireRule } from '@castellan/contracts'
import type { ApprovalRule } from '../../../approvals/index.ts'
import { formatDuration, parseDuration } from '../../../kernel/index.ts'

export function approvalRuleSpec(
  name: string,
  input: z.output<typeof approvalRuleInput>,
): Omit<ApprovalRule, 'id' | 'tenant' | 'version'> {
  return {
    name,
    tools: input.tools,
    approvers: [...new Set(input.approvers)],
    fourEyes: input.four_eyes,
    quorum: input.quorum,
    decideWithin: milliseconds(input.decide_within),
    useWithin: milliseconds(input.use_within),
    webhook: input.webhook,
  }
}

export function wireApprovalRule(rule: ApprovalRule): WireRule {
  return {
    id: rule.id,
    name: rule.name,
    tools: [...rule.tools],
    approvers: [...rule.approvers],
    four_eyes: rule.fourEyes,
    quorum: rule.quorum,
    decide_within: inWords(rule.decideWithin),
    use_within: inWords(rule.useWithin),
    webhook: rule.webhook && { ...rule.webhook },
    version: rule.version,
  }
}

function milliseconds(given: string | null): number | null {
  return given === null ? null : parseDuration(given)
}

function inWords(given: number | null): string | null {
  return given === null ? null : formatDuration(given)
}
