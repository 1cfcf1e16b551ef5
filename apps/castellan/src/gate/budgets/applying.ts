import type { Call } from '../call.ts'
import type { Budget } from './budget.ts'
import type { Spender } from './spender.ts'

/** A budget that counts a call, and as whose. */
export interface Counting {
  readonly budget: Budget
  readonly subject: string
}

/** To look after a task, or to complete an argument, is no call of a tool. */
export function isCounted({ method }: Pick<Call, 'method'>): boolean {
  return COUNTED.has(method)
}

/** Those budgets that count what somebody spends. */
export function applying(budgets: readonly Budget[], spender: Spender): readonly Counting[] {
  const counting: Counting[] = []
  for (const budget of budgets) {
    const subject = subjectOf(budget, spender)
    if (subject !== null) counting.push({ budget, subject })
  }
  return counting
}

const COUNTED: ReadonlySet<Call['method']> = new Set(['tools/call', 'resources/read', 'prompts/get'])

function subjectOf({ scope }: Budget, { principal, agent, run }: Spender): string | null {
  switch (scope.is) {
    case 'tenant':
      return ''
    case 'principal':
      return scope.id === null || scope.id === principal.id ? principal.id : null
    case 'agent': {
      const id = agent ?? (principal.kind === 'agent' ? principal.id : null)
      return id !== null && (scope.id === null || scope.id === id) ? id : null
    }
    case 'run':
      return run !== null && (scope.id === null || scope.id === run) ? run : null
    default:
      throw scope satisfies never
  }
}
