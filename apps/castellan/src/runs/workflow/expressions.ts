import type { JsonObject, JsonValue } from '../../kernel/index.ts'

/** What there is to say of an expression before it is evaluated. */
export interface Parsed {
  /** Why it is none; null when it is one. */
  readonly problem: string | null
  /** Nodes it speaks of, as `nodes.<id>`. */
  readonly mentions: readonly string[]
}

export type Evaluated =
  { readonly is: 'value'; readonly value: JsonValue } | { readonly is: 'failed'; readonly why: string }

/**
 * The port behind expressions. Whoever writes them is not trusted: an evaluation that takes too long, goes too deep or makes too much
 * is ended, and nothing else suffers from it.
 */
export interface Expressions {
  parse(text: string): Promise<Parsed>
  /** The template with its expressions replaced by what they come to; one that comes to nothing is null. */
  evaluate(template: JsonValue, scope: JsonObject, signal: AbortSignal): Promise<Evaluated>
  close(): Promise<void>
}

/** Whether a text of a template is an expression. */
export function isExpression(value: JsonValue): value is string {
  return typeof value === 'string' && value.startsWith('=')
}

/** Whether nothing of a template must be evaluated. */
export function isPlain(template: JsonValue): boolean {
  if (Array.isArray(template)) return (template as readonly JsonValue[]).every(isPlain)
  if (typeof template === 'object' && template !== null) return Object.values(template).every(isPlain)
  return !isExpression(template)
}
