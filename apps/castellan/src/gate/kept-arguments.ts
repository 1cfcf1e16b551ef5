import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import { REDACTED } from '../journal/index.ts'

/**
 * Whether what was taken out of some arguments before they were kept lies where one of these JSON Pointers looks. Then nobody
 * can say any more what a policy would have seen there. In doubt it does.
 *
 * Source: RFC 6901 (JSON Pointer).
 */
export function isHidden(kept: JsonObject, pointers: ReadonlySet<string> | 'all'): boolean {
  if (pointers === 'all') return true
  for (const pointer of pointers) if (hides(kept, pointer)) return true
  return false
}

function hides(kept: JsonObject, pointer: string): boolean {
  let value: JsonValue = kept
  for (const step of pointer.split('/').slice(1)) {
    // In the place of whatever was there, nothing below it can be seen.
    if (typeof value === 'string') return value.includes(REDACTED)
    if (typeof value !== 'object' || value === null) return false
    const keys: string[] = Object.keys(value)
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!keys.includes(key)) return keys.some(each => each.includes(REDACTED))
    value = (value as JsonObject)[key]!
  }
  return typeof value === 'string' && value.includes(REDACTED)
}

/** Arguments as someone may see them who may not know their values: every leaf is replaced. */
export function withoutValues(args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, withoutValue(value)]))
}

function withoutValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(item => withoutValue(item as JsonValue))
  return isJsonObject(value) ? withoutValues(value) : REDACTED
}
