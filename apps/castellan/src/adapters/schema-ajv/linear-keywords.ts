import type { ErrorObject, FuncKeywordDefinition } from 'ajv'
import { canonicalize } from '../../kernel/index.ts'

/** `enum` by looking a value up; the compiler's own compares it with every member. */
export const linearEnum: FuncKeywordDefinition = {
  keyword: 'enum',
  schemaType: 'array',
  error: { message: ({ schema }) => `must be one of ${listed(schema as unknown[])}` },
  compile(members: unknown[]) {
    const known = new Set(members.map(textOf))
    return value => known.has(textOf(value))
  },
}

/** `uniqueItems` by remembering what was seen; the compiler's own compares each item with every other. */
export const linearUniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  errors: true,
  compile(unique: boolean) {
    const check: Check = (items: unknown[]) => {
      if (!unique) return true
      const seen = new Set<string>()
      for (const [index, item] of items.entries()) {
        if (seen.size === seen.add(textOf(item)).size) {
          check.errors = [{ message: `must not have the same item twice (item ${index} was there before)` }]
          return false
        }
      }
      return true
    }
    return check
  },
}

interface Check {
  (items: unknown[]): boolean
  errors?: Partial<ErrorObject>[]
}

/** Equal exactly for equal JSON values. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : canonicalize(value)
}

function listed(members: readonly unknown[]): string {
  const shown = members.slice(0, 20).map(member => JSON.stringify(member))
  return members.length > shown.length ? `${shown.join(', ')} … (${members.length} values)` : shown.join(', ')
}
