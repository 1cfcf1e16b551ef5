import type { JsonValue } from '../kernel/index.ts'

/** A text in the data of a line; empty when there is none. */
export function word(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
