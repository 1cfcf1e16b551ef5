import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bounds } from '../../apps/castellan/src/adapters/connector-openapi/bounds.ts'
import { DocumentProblem } from '../../apps/castellan/src/adapters/connector-openapi/document-problem.ts'
import { compileText } from '../../apps/castellan/src/adapters/connector-openapi/fixtures/compile-text.ts'
import type { CompiledDocument } from '../../apps/castellan/src/adapters/connector-openapi/operation.ts'
import { digestJson } from '../../apps/castellan/src/kernel/index.ts'
import { mutated } from './inputs/mutation.ts'
import { written } from './inputs/odd-values.ts'
import { torn } from './inputs/torn-text.ts'
import { type Target, trial } from './target.ts'

/** Milliseconds for one document, on a machine that is busy with other things. */
const PATIENCE = 20_000

export const openApiDocuments: Target = {
  name: 'openapi-documents',
  promise: 'any OpenAPI document becomes tools that can be offered, or a clear fault, in bounded time',
  runs: 100,
  open: () =>
    trial(documents, async ({ text, neighbour, endpoint }) => {
      const started = performance.now()
      const compiled = await compileText(text, { files: { 'common.json': neighbour }, endpoint }).catch(problem)
      assert.ok(performance.now() - started < PATIENCE, 'it took too long')
      if (compiled !== null) canBeOffered(compiled)
      assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    }),
}

/** The thread that compiles has these two ends besides the good one. */
function problem(error: unknown): null {
  if (error instanceof RangeError) return null
  if (!(error instanceof DocumentProblem)) throw error
  assert.ok(error.message !== '' && error.message.length < 1_000, error.message)
  return null
}

function canBeOffered({ operations, warnings, base }: CompiledDocument): void {
  assert.ok(operations.length <= bounds.operations)
  assert.ok(warnings.length <= bounds.warnings + 1)
  for (const warning of warnings) assert.doesNotMatch(warning, /\p{Cc}/u)
  if (base !== null) assert.ok(['http:', 'https:'].includes(new URL(base).protocol), base)
  assert.equal(new Set(operations.map(({ name }) => name)).size, operations.length)
  for (const { name, definition } of operations) {
    assert.match(name, /^[\w.-]{1,128}$/)
    assert.ok(JSON.stringify(definition).length <= bounds.definition, 'a definition is too large')
    assert.match(digestJson(definition), /^sha256:/)
    assert.equal((definition.inputSchema as { type?: unknown }).type, 'object')
  }
}

const ref = (name: string) => ({ $ref: `#/components/${name}` })
const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })

const honest: unknown = {
  openapi: '3.1.0',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: 'https://{host}/v1', variables: { host: { default: 'pets.example' } } }],
  security: [{ key: [] }],
  paths: {
    '/pets/{id}': {
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^[a-z]+$' } },
        ref('parameters/Page'),
      ],
      get: {
        operationId: 'getPet',
        summary: 'One pet',
        responses: { 200: { description: 'ok', ...json(ref('schemas/Pet')) } },
      },
      put: {
        operationId: 'putPet',
        requestBody: { required: true, ...json(ref('schemas/Pet')) },
        responses: { 204: { description: 'ok' } },
      },
    },
    '/pets': {
      post: {
        tags: ['pets'],
        parameters: [
          {
            name: 'tags',
            in: 'query',
            style: 'pipeDelimited',
            explode: false,
            schema: { type: 'array', items: { type: 'string' } },
          },
          {
            name: 'filter',
            in: 'query',
            style: 'deepObject',
            schema: { type: 'object', properties: { a: { type: 'integer' } } },
          },
          { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
          { name: 'seen', in: 'cookie', content: { 'application/json': { schema: { type: 'object' } } } },
        ],
        requestBody: {
          content: {
            'multipart/form-data': { schema: { properties: { file: { type: 'string', format: 'binary' } } } },
          },
        },
        responses: { default: ref('responses/Problem') },
      },
    },
    '/owners/{id}': { $ref: '#/paths/~1pets~1{id}' },
  },
  components: {
    parameters: { Page: { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, nullable: true } } },
    responses: { Problem: { description: 'no', ...json({ $ref: 'common.json#/Problem' }) } },
    schemas: {
      Pet: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', example: 'Rex' }, parent: ref('schemas/Pet'), kind: ref('schemas/Kind') },
      },
      Kind: { oneOf: [{ const: 'cat' }, { allOf: [ref('schemas/Pet'), { discriminator: { propertyName: 'kind' } }] }] },
    },
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } },
  },
}
const neighbour: unknown = {
  Problem: { type: 'object', properties: { title: { type: 'string' }, cause: { $ref: '#/Problem' } } },
}

const parts = fc.constantFrom<unknown>(
  ref('schemas/Pet'),
  ref('schemas/Kind'),
  { $ref: '#' },
  { $ref: '#/' },
  { $ref: '#/paths' },
  { $ref: 'common.json' },
  { $ref: 'common.json#/Problem/properties' },
  { $ref: '../../../etc/passwd' },
  { $ref: 'file:///etc/passwd' },
  { $ref: '#/components/schemas/~2' },
  { $dynamicRef: '#x' },
  { pattern: '(a+)+$' },
  { enum: Array.from({ length: 2_000 }, (_, number) => number) },
  'form',
  'spaceDelimited',
  '/{a}{b}/{a}',
  'http://[::1',
  'javascript:alert(1)',
  '3.0.3',
)

const documents = fc.record({
  text: fc.oneof(
    { weight: 5, arbitrary: mutated(fc.constant(honest), parts).map(written) },
    { weight: 1, arbitrary: torn(mutated(fc.constant(honest), parts).map(written)).map(String) },
  ),
  neighbour: mutated(fc.constant(neighbour), parts).map(written),
  endpoint: fc.constantFrom('', 'http://127.0.0.1:1/v1'),
})
