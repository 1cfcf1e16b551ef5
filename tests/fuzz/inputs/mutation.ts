import fc from 'fast-check'
import { oddValue } from './odd-values.ts'

/** One change to a value that was fine, somewhere in it. */
interface Edit {
  readonly at: number
  readonly how: 'replace' | 'drop' | 'rename' | 'wrap' | 'add' | 'copy'
  readonly name: string
  readonly value: unknown
}

/** Copies of a value with a few things in it changed, dropped, renamed, added, or put where they do not belong. */
export function mutated(values: fc.Arbitrary<unknown>, more: fc.Arbitrary<unknown> = oddValue): fc.Arbitrary<unknown> {
  const edit = fc.record({
    at: fc.nat(10_000),
    how: fc.constantFrom('replace', 'replace', 'drop', 'rename', 'wrap', 'add', 'copy'),
    name: fc.constantFrom(
      'id',
      'method',
      'params',
      '_meta',
      'name',
      'arguments',
      'x',
      '',
      '__proto__',
      'toString',
      '$ref',
    ),
    value: fc.oneof(oddValue, more),
  }) as fc.Arbitrary<Edit>
  const edits = fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 6, arbitrary: fc.array(edit, { maxLength: 5 }) },
  )
  return fc.tuple(values, edits).map(([value, edits]) => edits.reduce<unknown>(changed, structuredClone(value)))
}

function changed(root: unknown, { at, how, name, value }: Edit): unknown {
  const places = placesIn(root)
  const place = places[at % places.length]!
  const { holder, key } = place
  const here = holder === null ? root : holder[key]
  const put = (made: unknown) => {
    if (holder === null) return made
    set(holder, key, made)
    return root
  }
  switch (how) {
    case 'replace':
      return put(structuredClone(value))
    case 'drop':
      if (holder !== null) delete holder[key]
      return root
    case 'rename':
      if (holder === null || Array.isArray(holder)) return root
      delete holder[key]
      set(holder, name, here)
      return root
    case 'wrap':
      return put(at % 2 === 0 ? [here] : { [name]: here })
    case 'add':
      if (typeof here === 'object' && here !== null) set(here as Holder, name, structuredClone(value))
      return root
    case 'copy': {
      const other = places[(at + 7) % places.length]!
      return put(structuredClone(other.holder === null ? root : other.holder[other.key]))
    }
    default:
      throw how satisfies never
  }
}

type Holder = Record<string, unknown>

/** As JSON has it: a key named `__proto__` is a key like any other. */
function set(holder: Holder, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true })
}

function placesIn(root: unknown): { holder: Holder | null; key: string }[] {
  const found: { holder: Holder | null; key: string }[] = [{ holder: null, key: '' }]
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      found.push({ holder: value as Holder, key })
      visit((value as Holder)[key])
    }
  }
  visit(root)
  return found
}
