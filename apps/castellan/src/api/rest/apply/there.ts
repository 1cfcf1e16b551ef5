import { fault } from '../../../kernel/index.ts'
import type { Step } from './step.ts'

interface Thing {
  readonly id: string
  readonly name: string
}

/** What there is of a kind once those steps are done, as far as one can know before; what is made then has no id but its name. */
export function thereAfter(steps: readonly Step[], kind: Step['kind'], known: readonly Thing[]): readonly Thing[] {
  const named = (action: Step['action']) =>
    steps.filter(step => step.kind === kind && step.action === action).map(({ name }) => name)
  const gone = new Set(named('delete'))
  return [...known.filter(({ name }) => !gone.has(name)), ...named('create').map(name => ({ id: name, name }))]
}

/** Throws `REQUEST_INVALID` for a name, or id, that is not among them; `who` says who gives it, such as `the trigger "night" starts`. */
export function requireThere(
  there: readonly Thing[],
  who: string,
  kind: 'server' | 'agent' | 'team' | 'workflow',
  idOrName: string,
): void {
  if (there.some(({ id, name }) => id === idOrName || name === idOrName)) return
  const why = `${who} the ${kind} "${idOrName}", which is not there; declare it under "${kind}s"`
  throw fault('REQUEST_INVALID', { why })
}
