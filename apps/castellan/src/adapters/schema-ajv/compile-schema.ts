import type { ValidateFunction } from 'ajv'
import type { SchemaViolation } from '../../gate/index.ts'
import type { JsonValue } from '../../kernel/index.ts'
import { boundedRun, stoodStill } from './bounded-run.ts'
import { compilerFor, type Dialect, dialectOf, prepareDialect, type RegExpEngine, schemaFault } from './dialects.ts'
import { linearPattern, patternCost } from './linear-pattern.ts'
import { prepareSchema } from './prepare-schema.ts'
import { type SchemaSurvey, surveySchema } from './survey-schema.ts'
import { violationsOf } from './violations.ts'

export interface CompiledSchema {
  /** Never throws; what cannot be checked is one violation at the root. */
  check(value: JsonValue): readonly SchemaViolation[]
  /** What is not checked, and why. */
  readonly warnings: readonly string[]
  /** Characters of the schema. */
  readonly size: number
  /** Whether it was stopped in the middle of a check and must not be used again: nobody knows what state that left. */
  readonly spent: boolean
}

/** Compiles a schema; one that cannot be used becomes one that nothing passes. */
export function compileSchema(schema: JsonValue, attempts = MOST_ATTEMPTS): CompiledSchema {
  try {
    const survey = surveySchema(schema)
    const { dialect, text } = undeclared(schema)
    prepareDialect(dialect)
    const anew = () => (attempts > 1 ? compileSchema(schema, attempts - 1) : null)
    const compiled = boundedRun(COMPILE_TIME, () => compile(dialect, text, survey, anew))
    if (typeof compiled !== 'symbol') return compiled
    return (compiled === stoodStill ? anew() : null) ?? unusable('it takes too long to compile')
  } catch (error) {
    return unusable(error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message)
  }
}

/** Milliseconds. An ordinary schema takes one or two to compile, and microseconds to check. */
const COMPILE_TIME = 2_000
const CHECK_TIME = 500
/** How often it is tried while the process stands still for as long, such as one that was suspended. */
const MOST_ATTEMPTS = 5

/** Characters of a value that is told every violation; of a larger one the first must do. */
const SMALL_VALUE = 4_096
/** What is checked unwatched: characters of the value times those of the schema, and times the states of its patterns. */
const UNWATCHED_WORK = 64 * 1024 * 1024
const UNWATCHED_PATTERN_WORK = 20 * 1024 * 1024

/** `anew` compiles it once more; null when that was done often enough. */
function compile(
  dialect: Dialect,
  text: JsonValue,
  survey: SchemaSurvey,
  anew: () => CompiledSchema | null,
): CompiledSchema {
  if (typeof text === 'object' && text !== null) {
    const invalid = schemaFault(dialect, text)
    if (invalid !== null) throw new Error(invalid)
  }
  const patterns = new Patterns()
  const prepared = prepareSchema(text, pattern => patterns.usable(pattern))
  const validate = (allErrors: boolean): ValidateFunction =>
    compilerFor(dialect, patterns.engine, allErrors).compile(prepared as object | boolean)
  const first = validate(false)
  const unwatched = unwatchedSize(survey, patterns.cost)
  let all: ValidateFunction | undefined
  let spent = false

  return {
    size: survey.size,
    warnings: patterns.warnings,
    get spent() {
      return spent
    },
    check(value) {
      const size = sizeUpTo(unwatched, value)
      try {
        const passed = size <= unwatched ? first(value) : boundedRun(CHECK_TIME, () => first(value))
        if (passed === true) return []
        if (typeof passed === 'symbol') {
          spent = true
          const fresh = passed === stoodStill ? anew() : null
          return fresh?.check(value) ?? root('the value takes too long to check')
        }
        if (size > Math.min(unwatched, SMALL_VALUE)) return violationsOf(first.errors)
        all ??= validate(true)
        return all(value) ? violationsOf(null) : violationsOf(all.errors)
      } catch (error) {
        return root(
          error instanceof RangeError ? 'the value is nested too deeply to check' : 'the value cannot be checked',
        )
      }
    },
  }
}

/** The schema without its declaration, which would have the compiler look for that very text among the dialects it knows. */
function undeclared(schema: JsonValue): { dialect: Dialect; text: JsonValue } {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return { dialect: '2020-12', text: schema }
  const { $schema: declared, ...text } = schema as { readonly [key: string]: JsonValue }
  const dialect = dialectOf(declared)
  if (!dialect) throw new Error('it declares a version of JSON Schema that is not supported; use 2020-12')
  return { dialect, text }
}

/** The patterns of one schema, each compiled once, and what became of them. */
class Patterns {
  readonly warnings: string[] = []
  readonly #engines = new Map<string, { test(text: string): boolean } | null>()
  /** States of all automata. */
  cost = 0

  /** What the compiler calls for a pattern; one that cannot be used matches everything, so that it is not checked. */
  readonly engine: RegExpEngine = Object.assign(
    (source: string) => {
      const pattern = this.#find(source)
      // The compiler tells patterns apart by their text.
      return { test: (text: string) => pattern?.test(text) ?? true, toString: () => source } as RegExp
    },
    { code: 'linearPattern' },
  )

  usable(source: string): boolean {
    return this.#find(source) !== null
  }

  #find(source: string): { test(text: string): boolean } | null {
    const known = this.#engines.get(source)
    if (known !== undefined) return known
    this.cost += patternCost(source)
    const pattern =
      this.cost > MAX_PATTERNS_COST ? { refused: 'would make the patterns too large together' } : linearPattern(source)
    if ('refused' in pattern) this.warnings.push(`the pattern ${short(source)} is not checked: it ${pattern.refused}`)
    const engine = 'refused' in pattern ? null : pattern
    this.#engines.set(source, engine)
    return engine
  }
}

/** States of all automata of one schema together; ten times the largest single one. */
const MAX_PATTERNS_COST = 500_000

function unusable(why: string): CompiledSchema {
  const violations = root(`the schema cannot be used: ${short(why)}`)
  return { check: () => violations, warnings: [], size: violations[0]!.message.length, spent: false }
}

function root(message: string): readonly SchemaViolation[] {
  return [{ at: '', message }]
}

function short(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`
}

/** Characters of the largest value of which it is certain that to check it takes no time worth watching. */
function unwatchedSize({ plain, formats, size }: SchemaSurvey, patternCost: number): number {
  if (!plain) return 0
  const linear = Math.min(UNWATCHED_WORK / size, UNWATCHED_PATTERN_WORK / patternCost)
  // Formats are regular expressions of the library's, and nobody promises that they are linear.
  return formats ? Math.min(linear, SMALL_VALUE) : linear
}

/** Characters of a value, about as many as its JSON text has; stops counting when there are more than so many. */
function sizeUpTo(most: number, value: JsonValue): number {
  let size = 0
  const visit = (part: JsonValue): boolean => {
    size += typeof part === 'string' ? part.length + 2 : 2
    if (size > most) return false
    if (typeof part !== 'object' || part === null) return true
    return Object.entries<JsonValue>(part).every(([key, child]) => {
      size += key.length
      return visit(child)
    })
  }
  visit(value)
  return size
}
