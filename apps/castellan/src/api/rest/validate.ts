import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import type { Problem } from '@castellan/contracts'

type Complaint = NonNullable<Problem['errors']>[number]
type Issue = z.core.$ZodIssue

/** A request that its schema refuses: where, and what is allowed there; never what was sent. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest'
  readonly complaints: readonly Complaint[]

  constructor(complaints: readonly Complaint[]) {
    const shown = complaints.slice(0, 5).map(inWords).join('; ')
    super(complaints.length > 5 ? `${shown}; and ${complaints.length - 5} more` : shown)
    this.complaints = complaints
  }
}

/** Parses what came with the schema of its route. Unknown fields are refused by the schemas themselves. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = httpPart === 'querystring' ? 'query' : httpPart === 'params' ? 'path' : 'body'
  return data => {
    const read = schema.safeParse(data, { error: wording })
    if (read.success) return { value: read.data }
    const complaints = read.error.issues.flatMap(issue => complaintsOf(issue, part, []))
    return { error: new InvalidRequest(complaints.slice(0, MOST)) }
  }
}

/** Nobody reads more, and a body of many small mistakes must not become an answer of megabytes. */
const MOST = 50

function complaintsOf(issue: Issue, part: Complaint['in'], above: readonly PropertyKey[]): Complaint[] {
  const path = [...above, ...issue.path]
  const at = path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  if (issue.code === 'invalid_union') {
    const meant = alternativeMeant(issue)
    if (meant) return meant.flatMap(each => complaintsOf(each, part, path))
  }
  const [inKey] = issue.code === 'invalid_key' ? issue.issues : []
  return [{ in: part, at, message: inKey ? `has a name that ${inKey.message}` : issue.message }]
}

/** What is wrong with the one alternative that fits as far as its fields go; undefined when none or several do. */
function alternativeMeant({ errors }: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] | undefined {
  const fitting = errors
    .map(issues => {
      const [first] = issues
      const nested = issues.length === 1 && first?.code === 'invalid_union' && first.path.length === 0
      return nested ? alternativeMeant(first) : issues
    })
    .filter(issues => issues?.every(issue => issue.path.length > 0 && !issue.message.startsWith(MISSING)))
  return fitting.length === 1 ? fitting[0] : undefined
}

const MISSING = 'is missing'

/** Our words for what zod finds; a schema that brings its own keeps them. */
const wording: z.core.$ZodErrorMap = issue => {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = `must be ${kinds[issue.expected] ?? `of the type ${issue.expected}`}`
      // Fastify hands over null for a body that did not come.
      const absent = issue.input === undefined || (issue.input === null && !issue.path?.length)
      return absent ? `${MISSING}; it ${wanted}` : wanted
    }
    case 'invalid_value': {
      const allowed = issue.values.map(value => JSON.stringify(value)).join(', ')
      const wanted = issue.values.length === 1 ? `must be ${allowed}` : `must be one of ${allowed}`
      return issue.input === undefined ? `${MISSING}; it ${wanted}` : wanted
    }
    case 'unrecognized_keys': {
      const { shape } = (issue.inst as z.ZodObject | undefined)?._zod.def ?? {}
      const allowed =
        shape && Object.keys(shape).length > 0 ? `allowed are ${Object.keys(shape).join(', ')}` : 'none is allowed'
      return `has the unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${issue.keys.slice(0, 5).map(named).join(', ')}; ${allowed}`
    }
    case 'too_small':
      return `must ${amount(issue.origin, 'at least', Number(issue.minimum))}`
    case 'too_big':
      return `must ${amount(issue.origin, 'at most', Number(issue.maximum))}`
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'must be a time in UTC such as 2030-01-31T12:00:00Z'
        : 'has not the right form'
    case 'invalid_union':
      return 'discriminator' in issue && Array.isArray(issue.options)
        ? `must be one of ${issue.options.map(value => JSON.stringify(value)).join(', ')}`
        : 'has none of the allowed forms'
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'custom':
      return 'is not allowed'
    default:
      throw issue satisfies never
  }
}

const kinds: Readonly<Partial<Record<string, string>>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

function amount(origin: string, bound: 'at least' | 'at most', count: number): string {
  if (origin === 'string') return `have ${bound} ${count} ${count === 1 ? 'character' : 'characters'}`
  if (origin === 'array') return `have ${bound} ${count} ${count === 1 ? 'item' : 'items'}`
  return `be ${bound} ${count}`
}

/** Someone may have sent a secret where a name belongs; what looks like the name of a field is told. */
function named(key: string): string {
  return /^[A-Za-z_$][\w.$-]{0,39}$/.test(key) ? `"${key}"` : 'with an unusual name'
}

function inWords({ in: part, at, message }: Complaint): string {
  const place = part === 'query' ? 'the query' : part === 'path' ? 'the path' : 'the body'
  return at === '' ? `${place} ${message}` : `${part === 'body' ? '' : `${place}: `}${at} ${message}`
}
