import type { Execution } from '../execute/execute.ts'
import type { Spending } from './hold.ts'

/**
 * What a call used, by how it ended. Only what certainly never left us costs nothing: for anything else somebody may have billed
 * us already, also when it failed.
 */
export function spendingOf({ outcome, sent }: Execution, milliseconds: number): Spending {
  switch (outcome.is) {
    case 'ok':
    case 'toolError':
      return { is: 'used', milliseconds, result: outcome.result }
    case 'inputRequired':
      return { is: 'begun', milliseconds }
    case 'withheld':
      return { is: 'used', milliseconds, result: null }
    case 'indeterminate':
      return { is: 'unknown', milliseconds }
    case 'failed':
    case 'timeout':
    case 'cancelled':
      return sent ? { is: 'used', milliseconds, result: null } : { is: 'nothing' }
    default:
      throw outcome satisfies never
  }
}
