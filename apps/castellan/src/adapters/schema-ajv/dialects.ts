import addFormats from 'ajv-formats'
import { Ajv, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { linearEnum, linearUniqueItems } from './linear-keywords.ts'

/** The versions of JSON Schema there are compilers for. */
export type Dialect = '2020-12' | '2019-09' | 'draft-07'

export type Compiler = Ajv | Ajv2019 | Ajv2020

/** The version a schema says it is written in, 2020-12 when it does not say; undefined for others. Draft-04 and 06 are read as 07. */
export function dialectOf(declared: unknown): Dialect | undefined {
  if (declared === undefined) return '2020-12'
  return typeof declared === 'string' ? dialects.get(declared.replace(/^https?:\/\//, '').replace(/#$/, '')) : undefined
}

const dialects = new Map<string, Dialect>([
  ['json-schema.org/draft/2020-12/schema', '2020-12'],
  ['json-schema.org/draft/2019-09/schema', '2019-09'],
  ['json-schema.org/draft-07/schema', 'draft-07'],
  ['json-schema.org/draft-06/schema', 'draft-07'],
  ['json-schema.org/draft-04/schema', 'draft-07'],
])

/** Whether a schema is one by the rules of its dialect; else where it is not. */
export function schemaFault(dialect: Dialect, schema: object): string | null {
  const compiler = metaCompiler(dialect)
  if (compiler.validateSchema(schema) === true) return null
  return compiler.errorsText(compiler.errors?.slice(0, 1), { dataVar: 'schema' })
}

/**
 * A compiler for one schema. Schemas share none: in a common one, an `$id` of one schema would be known to, or in the way
 * of, all others. It fetches nothing.
 */
export function compilerFor(dialect: Dialect, regExp: RegExpEngine, allErrors: boolean): Compiler {
  const compiler = create(dialect, {
    strict: false,
    logger: false,
    allErrors,
    // Checked before, by a compiler that has the rules of the dialect compiled already.
    validateSchema: false,
    // Names of Object.prototype are no properties of a value.
    ownProperties: true,
    // Copies of the same definition at every reference to it could make the code grow without bound.
    inlineRefs: false,
    code: { regExp },
  })
  addFormats.default(compiler)
  compiler.removeKeyword('enum').addKeyword(linearEnum)
  compiler.removeKeyword('uniqueItems').addKeyword(linearUniqueItems)
  return compiler
}

export type RegExpEngine = NonNullable<NonNullable<Options['code']>['regExp']>

function create(dialect: Dialect, options: Options): Compiler {
  switch (dialect) {
    case '2020-12':
      return new Ajv2020(options)
    case '2019-09':
      return new Ajv2019(options)
    case 'draft-07':
      return new Ajv(options)
    default:
      throw new Error(`no compiler for ${String(dialect satisfies never)}`)
  }
}

/**
 * Has the rules of a dialect compiled, which takes some 30 ms once, so that no schema has its time taken by it; a process
 * that never checks a schema of a dialect does without.
 */
export function prepareDialect(dialect: Dialect): void {
  metaCompiler(dialect)
}

function metaCompiler(dialect: Dialect): Compiler {
  const known = metaCompilers.get(dialect)
  if (known) return known
  const compiler = create(dialect, { strict: false, logger: false, ownProperties: true })
  compiler.getSchema(compiler.defaultMeta() as string)
  metaCompilers.set(dialect, compiler)
  return compiler
}

const metaCompilers = new Map<Dialect, Compiler>()
