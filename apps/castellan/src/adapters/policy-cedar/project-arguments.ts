import { type JsonObject, type JsonValue, MAX_DEPTH } from '../../kernel/index.ts'

/** More leaves than this, empty ones included, are not judged. */
export const MAX_LEAVES = 5_000

/** Characters of all pointers together: a long key above many leaves is repeated in each of their pointers. */
const MAX_POINTER_LENGTH = 1_000_000

/** The leaves of some arguments by JSON Pointer, sorted by their type. */
export interface ProjectedArguments {
  readonly text: Readonly<Record<string, string>>
  readonly number: Readonly<Record<string, number>>
  readonly flag: Readonly<Record<string, boolean>>
}

/** Why some arguments cannot be judged. Names no part of them. */
export interface Unjudgeable {
  readonly refused: string
}

/**
 * Arguments as Cedar can hold them, leaf by leaf. No key and no object of the caller becomes one of Cedar's JSON, so nothing
 * in them can pass for an entity (`__entity`) or an extension value (`__extn`).
 * Numbers that are not safe integers become text, as JSON writes them; null and empty containers are left out.
 *
 * Source: RFC 6901 (JSON Pointer).
 */
export function projectArguments(args: JsonObject): ProjectedArguments | Unjudgeable {
  const projection = { text: record<string>(), number: record<number>(), flag: record<boolean>() }
  let leaves = 0
  let pointerLength = 0

  function visit(value: JsonValue, pointer: string, depth: number): string | null {
    if (depth > MAX_DEPTH) return `the arguments are nested deeper than ${MAX_DEPTH} levels`
    if (typeof value === 'object' && value !== null) {
      const children = Object.entries<JsonValue>(value)
      if (children.length + leaves > MAX_LEAVES) return TOO_MANY
      for (const [key, child] of children) {
        const refused = visit(child, `${pointer}/${escape(key)}`, depth + 1)
        if (refused !== null) return refused
      }
      if (children.length > 0) return null
    }
    if (++leaves > MAX_LEAVES) return TOO_MANY
    if ((pointerLength += pointer.length) > MAX_POINTER_LENGTH) return 'the names in the arguments are too long'
    if (!pointer.isWellFormed()) return NOT_UNICODE
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed()) return NOT_UNICODE
        projection.text[pointer] = value
        return null
      case 'number':
        if (Number.isSafeInteger(value)) projection.number[pointer] = value
        else projection.text[pointer] = JSON.stringify(value)
        return null
      case 'boolean':
        projection.flag[pointer] = value
        return null
      default:
        return null
    }
  }

  const refused = visit(args, '', 0)
  return refused === null ? projection : { refused }
}

const TOO_MANY = `the arguments have more than ${MAX_LEAVES} values`
const NOT_UNICODE = 'the arguments hold text that is not Unicode'

function record<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
