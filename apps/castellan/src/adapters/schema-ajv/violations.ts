import type { ErrorObject } from 'ajv'
import type { SchemaViolation } from '../../gate/index.ts'

/** More would tell nobody more. */
const MOST = 20

/** Violations in the words of the schema. Names and values of the schema may appear, and names in the value; no value does. */
export function violationsOf(errors: readonly ErrorObject[] | null | undefined): readonly SchemaViolation[] {
  const violations = new Map<string, SchemaViolation>()
  for (const error of errors ?? []) {
    const violation = violationOf(error)
    violations.set(`${violation.at} ${violation.message}`, violation)
    if (violations.size === MOST) break
  }
  // A value that failed without a word has failed all the same.
  return violations.size > 0 ? [...violations.values()] : [{ at: '', message: 'the value does not match the schema' }]
}

function violationOf({
  keyword,
  instancePath,
  params,
  message = `must pass "${keyword}"`,
}: ErrorObject): SchemaViolation {
  const { additionalProperty, unevaluatedProperty } = params as Record<string, unknown>
  const unknown = additionalProperty ?? unevaluatedProperty
  if (typeof unknown === 'string')
    return { at: short(`${instancePath}/${escape(unknown)}`), message: 'is not a known property' }
  return { at: short(instancePath), message: short(message) }
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function short(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300).toWellFormed()}…`
}
