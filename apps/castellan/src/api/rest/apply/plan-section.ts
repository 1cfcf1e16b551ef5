import type { ApplyAction } from '@castellan/contracts'
import { fault, isFault } from '../../../kernel/index.ts'
import type { Planning } from './planning.ts'
import { create, impossible, type Step, update } from './step.ts'

interface Named {
  readonly name: string
}

/** How the things of a section, which are kept by name, become what it declares. */
export interface Section<Declared extends Named, Known extends Named> {
  /** What is there. */
  readonly known: () => readonly Known[] | Promise<readonly Known[]>
  /** What is wished of one. A fault that it throws refuses the whole manifest: it names what is nowhere to be found. */
  readonly wish: (declared: Declared) => Wish<Known>
  readonly remove: (known: Known) => Promise<unknown>
}

export interface Wish<Known> {
  /** Throws the fault that making it would throw, as far as that is known without trying. */
  readonly check?: () => void | Promise<void>
  /** Names of the fields in which what is there is other; never values. Throws as `check` does. */
  readonly differsIn: (before: Known) => readonly string[] | Promise<readonly string[]>
  /** Makes it, or changes what was there to it. */
  readonly make: (before: Known | undefined) => Promise<unknown>
}

/**
 * The steps that make a section true: what is declared in its order, then, if that is wished, the removal of what is not. One that
 * cannot be as declared does not keep the others from becoming so. Nothing for a section that is absent. Throws `REQUEST_INVALID` for a
 * name that is there twice.
 */
export async function planSection<Declared extends Named, Known extends Named>(
  kind: ApplyAction['kind'],
  declared: readonly Declared[] | undefined,
  { known, wish, remove }: Section<Declared, Known>,
  { prune }: Pick<Planning, 'prune'>,
): Promise<Step[]> {
  if (!declared) return []
  const names = unique(kind, declared)
  const there = await known()
  const steps = declared.map(async each => {
    const before = there.find(({ name }) => name === each.name)
    return stepFor(kind, each.name, before, wish(each))
  })
  const surplus = prune ? there.filter(({ name }) => !names.has(name)) : []
  return [...(await Promise.all(steps)), ...surplus.map(each => removal(kind, each.name, () => remove(each)))]
}

async function stepFor<Known>(
  kind: ApplyAction['kind'],
  name: string,
  before: Known | undefined,
  { check, differsIn, make }: Wish<Known>,
): Promise<Step> {
  const run = () => make(before)
  try {
    await check?.()
    return before ? update(kind, name, await differsIn(before), run) : create(kind, name, run)
  } catch (error) {
    if (!isFault(error)) throw error
    return impossible({ action: before ? 'update' : 'create', kind, name, changes: [] }, error.message)
  }
}

function removal(kind: ApplyAction['kind'], name: string, run: () => Promise<unknown>): Step {
  return { action: 'delete', kind, name, changes: [], problem: null, run }
}

/** The names as a set. Throws `REQUEST_INVALID` for one that is there twice. */
export function unique(kind: ApplyAction['kind'], declared: readonly Named[]): Set<string> {
  const seen = new Set<string>()
  for (const { name } of declared) {
    if (seen.has(name)) {
      throw fault('REQUEST_INVALID', { why: `the ${kind.replaceAll('_', ' ')} "${name}" is declared twice` })
    }
    seen.add(name)
  }
  return seen
}
