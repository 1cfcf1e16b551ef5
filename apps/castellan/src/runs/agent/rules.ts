import { fault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { type Expressions, isExpression } from '../workflow/expressions.ts'

/** What an agent without a model does in which case. */
export interface Rule {
  /** JSONata over `message`, `context`, `observations` and `iteration`: the rule fits when it comes to true. */
  readonly when: string
  /** In both, a text that begins with `=` is an expression over the same. */
  readonly do: { readonly tool: string; readonly args: JsonObject } | { readonly answer: JsonValue }
}

/** An expression that comes to the number of the first rule that fits, from 0; to nothing when none does. Those after it are not evaluated. */
export function firstThatFits(rules: readonly Rule[]): string {
  return `=${rules.map(({ when }, index) => `((${conditionOf(when)}) = true) ? ${index} : `).join('')}null`
}

/**
 * Throws `REQUEST_INVALID` for the first expression that is none, with its place: what is put together of several is only what each of
 * them is by itself.
 */
export async function checkRules(rules: readonly Rule[], { parse }: Pick<Expressions, 'parse'>): Promise<void> {
  for (const [index, rule] of rules.entries())
    for (const [at, expression] of expressionsOf(rule)) {
      const { problem } = await parse(expression)
      if (problem !== null)
        throw fault('REQUEST_INVALID', { why: `brain.rules.${index}.${at}: is no expression: ${problem}` })
    }
}

function expressionsOf({ when, do: what }: Rule): readonly (readonly [at: string, expression: string])[] {
  const template = 'answer' in what ? textsIn(what.answer, 'do.answer') : textsIn(what.args, 'do.args')
  const expressions = template.filter(([, text]) => isExpression(text))
  return [['when', conditionOf(when)], ...expressions.map(([at, text]) => [at, text.slice(1)] as const)]
}

function textsIn(value: JsonValue, at: string): readonly (readonly [at: string, text: string])[] {
  if (typeof value === 'string') return [[at, value]]
  if (Array.isArray(value)) return value.flatMap((each: JsonValue, index) => textsIn(each, `${at}.${index}`))
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, each]) => textsIn(each, `${at}.${key}`)) : []
}

function conditionOf(when: string): string {
  return isExpression(when) ? when.slice(1) : when
}
