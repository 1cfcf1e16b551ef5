import type { ApplyAction } from '@castellan/contracts'
import { canonicalize } from '../../../kernel/index.ts'

type Kind = ApplyAction['kind']

/** One difference between the manifest and what is there, and how to make it go away. */
export interface Step {
  readonly action: ApplyAction['action']
  readonly kind: Kind
  readonly name: string
  /** Names of what differs; never values. */
  readonly changes: readonly string[]
  /** Why it cannot be done, as far as that is known without trying. */
  readonly problem: string | null
  /** Null when nothing is to be done. */
  readonly run: (() => Promise<unknown>) | null
}

export function create(kind: Kind, name: string, run: () => Promise<unknown>): Step {
  return { action: 'create', kind, name, changes: [], problem: null, run }
}

/** Nothing to do when nothing differs. */
export function update(kind: Kind, name: string, changes: readonly string[], run: () => Promise<unknown>): Step {
  return changes.length === 0
    ? { action: 'unchanged', kind, name, changes, problem: null, run: null }
    : { action: 'update', kind, name, changes, problem: null, run }
}

export function impossible(step: Pick<Step, 'action' | 'kind' | 'name' | 'changes'>, problem: string): Step {
  return { ...step, problem, run: null }
}

/** Names of the fields of `after` that are other than in `before`. */
export function differing(before: object, after: object): string[] {
  const old = before as Record<string, unknown>
  return Object.entries(after)
    .filter(([name, value]) => canonicalize(old[name] ?? null) !== canonicalize(value ?? null))
    .map(([name]) => name)
    .toSorted()
}
