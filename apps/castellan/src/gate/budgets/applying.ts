import type { Call } from '../call.ts'
import type { Budget } from './budget.ts'

/** A budget that counts a call, and as whose. */
export interface Counting {
  readonly budget: Budget
  readonly subject: string
}

/** Those budgets that count a call. To look after a task, or to complete an argument, is no call of a tool. */
export function applying(budgets: readonly Budget[], call: Call): readonly Counting[] {
  if (!COUNTED.has(call.method)) return []
  const counting: Counting[] = []
  for (const budget of budgets) {
    const subject = subjectOf(budget, call)
    if (subject !== null) counting.push({ budget, subject })
  }
  return counting
}

const COUNTED: ReadonlySet<Call['method']> = new Set(['tools/call', 'resources/read', 'prompts/get'])

function subjectOf({ scope }: Budget, { identity: { principal }, context }: Call): string | null {
  switch (scope.is) {
    case 'tenant':
      return ''
    case 'principal':
      return scope.id === null || scope.id === principal.id ? principal.id : null
    case 'agent':
      return principal.kind === 'agent' && (scope.id === null || scope.id === principal.id) ? principal.id : null
    case 'run': {
      const { runId = null } = context
      return runId !== null && (scope.id === null || scope.id === runId) ? runId : null
    }
    default:
      throw scope satisfies never
  }
}
