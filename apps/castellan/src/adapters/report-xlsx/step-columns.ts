import type { Placed } from '../../reports/index.ts'
import type { Cell } from './sheet.ts'

interface Column {
  readonly name: string
  /** In characters. */
  readonly width: number
  readonly cell: (placed: Placed) => Cell
}

/** What is told of each step. */
export const stepColumns: readonly Column[] = [
  { name: 'Session', width: 38, cell: ({ session }) => session.session_id ?? '(no session)' },
  { name: 'Step', width: 8, cell: ({ step }) => step.number },
  { name: 'Role', width: 10, cell: ({ step }) => step.role },
  { name: 'Channel', width: 13, cell: ({ step }) => step.channel },
  { name: 'Tool', width: 36, cell: ({ step }) => step.selected_tool },
  { name: 'Decision', width: 18, cell: ({ step }) => step.decision },
  { name: 'Latency (ms)', width: 13, cell: ({ step }) => step.latency_ms },
  { name: 'Tokens in', width: 11, cell: ({ step }) => step.tokens_in },
  { name: 'Tokens out', width: 11, cell: ({ step }) => step.tokens_out },
  { name: 'Cost', width: 13, cell: ({ step }) => moneyOf(step.cost_est) },
  { name: 'Violations', width: 30, cell: ({ step }) => step.guardrail_signals.map(violation).join('; ') },
  { name: 'Reused fingerprints', width: 22, cell: ({ step }) => step.reused_fingerprints.join('; ') },
  { name: 'Call cost', width: 13, cell: ({ step }) => moneyOf(step.call_cost) },
  { name: 'At (UTC)', width: 24, cell: ({ step }) => ({ time: Date.parse(step.at) }) },
  { name: 'Principal', width: 24, cell: ({ session }) => session.principal.name ?? session.principal.id },
  { name: 'Guard', width: 12, cell: ({ step }) => step.guard },
  { name: 'Reasons', width: 40, cell: ({ step }) => step.reasons.join('; ') },
  { name: 'Error', width: 40, cell: ({ step }) => step.error },
  { name: 'Output', width: 40, cell: ({ step }) => step.output_text },
  { name: 'Run', width: 16, cell: ({ step }) => step.run_id },
  { name: 'Call', width: 38, cell: ({ step }) => step.call_id },
]

function violation({ metric, category, action }: Placed['step']['guardrail_signals'][number]): string {
  return `${metric}/${category} ${action}`
}

function moneyOf(money: number | null): Cell {
  return money === null ? null : { money }
}
