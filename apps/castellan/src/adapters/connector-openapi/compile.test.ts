import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestJson, type JsonObject } from '../../kernel/index.ts'
import { bounds } from './bounds.ts'
import { compileText, documentOf } from './fixtures/compile-text.ts'

describe('which documents', () => {
  for (const openapi of ['3.0.0', '3.0.4', '3.1.0', '3.1.1']) {
    test(`${openapi} is taken`, async () => {
      const { operations } = await compileText(documentOf({ '/': { get: {} } }, { openapi }))
      assert.equal(operations.length, 1)
    })
  }

  const refused: readonly (readonly [what: string, document: unknown, why: RegExp])[] = [
    ['Swagger 2.0', { swagger: '2.0' }, /convert it to OpenAPI 3/],
    ['3.2', { openapi: '3.2.0' }, /no OpenAPI 3.0 or 3.1/],
    ['a number as version', { openapi: 3 }, /no OpenAPI 3.0 or 3.1/],
    ['a list', [], /not an object/],
    ['a word', 'hello', /not an object/],
    ['nothing', '', /not an object/],
    ['broken JSON', '{"openapi": "3.1.0", ', /neither JSON nor YAML/],
    ['broken YAML', 'openapi: "3.1.0\npaths: [', /neither JSON nor YAML \(line/],
    ['paths that are a list', documentOf([1]), /"paths" is not an object/],
  ]
  for (const [what, document, why] of refused) {
    test(`${what} is refused with the reason`, () => assert.rejects(compileText(document), why))
  }

  test('a file that is no document is never quoted', () =>
    assert.rejects(compileText('root:x:0:0:root:/root:/bin/bash\n\tdaemon: [s3cret\n'), error => {
      assert.ok(!/root|s3cret|daemon/.test((error as Error).message), (error as Error).message)
      return true
    }))

  test('YAML says the same as JSON', async () => {
    const yaml = [
      'openapi: 3.1.0',
      'info: {title: Test, version: "1"}',
      'x-common: &common {summary: Shared, parameters: [{name: q, in: query}]}',
      'paths:',
      '  /a: {get: {<<: *common, operationId: a}}',
    ].join('\n')
    const parameters = [{ name: 'q', in: 'query' }]
    const json = documentOf({ '/a': { get: { summary: 'Shared', parameters, operationId: 'a' } } })
    assert.deepEqual((await compileText(yaml)).operations, (await compileText(json)).operations)
  })
})

describe('a tool', () => {
  test('has name, texts, one schema, hints by its method, and what will be sent in its fingerprint', async () => {
    const put = {
      operationId: 'updatePet',
      summary: 'Updates a pet',
      description: 'Replaces it as a whole.',
      deprecated: true,
      parameters: [{ name: 'dry', in: 'query', description: 'Only try.', schema: { type: 'boolean' } }],
      requestBody: {
        required: true,
        description: 'The pet.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    }
    const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }]
    const { operations, warnings } = await compileText(documentOf({ '/pets/{id}': { parameters, put } }))

    const [{ definition, digest }] = operations as [(typeof operations)[0]]
    assert.deepEqual(definition, {
      name: 'updatePet',
      title: 'Updates a pet',
      description: 'Deprecated. Replaces it as a whole.',
      inputSchema: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          dry: { type: 'boolean', description: 'Only try.' },
          body: { type: 'object', description: 'The pet.' },
        },
        required: ['id', 'body'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
      _meta: { 'castellan/http': { method: 'PUT', path: '/pets/{id}' } },
    })
    assert.equal(digest, digestJson(definition))
    assert.deepEqual(warnings, [])
  })

  test('of the same name and schema but another method has another fingerprint', async () => {
    const [get, del] = await Promise.all(
      ['get', 'head'].map(method =>
        compileText(documentOf({ '/a': { [method]: { operationId: 'x', description: 'd' } } })),
      ),
    )
    assert.notEqual(get!.operations[0]!.digest, del!.operations[0]!.digest)
  })

  test('describes its results when every success is one object', async () => {
    const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })
    const object = { type: 'object', properties: { a: {}, secret: { writeOnly: true } } }
    const outputs = await outputSchemas({
      one: { 200: json(object), 404: json({ type: 'string' }) },
      created: { 201: json(object) },
      ref: { 200: { $ref: '#/components/responses/Ok' } },
      array: { 200: json({ type: 'array' }) },
      two: { 200: json(object), 204: {} },
      text: { 200: { content: { 'text/plain': {} } } },
      broken: { 200: json({ $ref: '#/none' }) },
    })
    const expected = { type: 'object', properties: { a: {} } }
    assert.deepEqual(outputs, {
      one: expected,
      created: expected,
      ref: { type: 'object' },
      array: undefined,
      two: undefined,
      text: undefined,
      broken: undefined,
    })
  })
})

describe('names of tools', () => {
  test('are of letters, digits, _ and -, at most 64 long, and unique', async () => {
    const long = 'a'.repeat(80)
    const named: Record<string, string | undefined> = {
      '/a': 'list pets!',
      '/b': undefined,
      '/c/{id}/d.json': undefined,
      '/e': long,
      '/f': `${long}b`,
      '/g': '日本',
      '/': undefined,
    }
    const paths = Object.entries(named).map(([path, operationId]) => [
      path,
      { get: { operationId, parameters: idParameter(path) } },
    ])
    const names = (await compileText(documentOf(Object.fromEntries(paths)))).operations.map(({ name }) => name)

    for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
    assert.equal(new Set(names).size, 7)
    assert.deepEqual(
      [...names.slice(0, 3), ...names.slice(5)],
      ['list_pets', 'get_b', 'get_c_id_d_json', 'get_g', 'get'],
    )
  })

  test('do not depend on the order of a document, also when operationIds are given twice', async () => {
    const paths = {
      '/a': { get: { operationId: 'same' } },
      '/b': { get: { operationId: 'same' } },
      '/c': { get: { operationId: 'sa.me' } },
    }
    const namesByPath = async (paths: object) => {
      const { operations } = await compileText(documentOf(paths))
      return new Map(
        operations.map(({ path, name }) => [path, name] as const).toSorted(([a], [b]) => a.localeCompare(b)),
      )
    }
    const forwards = await namesByPath(paths)
    const backwards = await namesByPath(Object.fromEntries(Object.entries(paths).toReversed()))

    assert.deepEqual(forwards, backwards)
    assert.equal(new Set(forwards.values()).size, 3)
    assert.notEqual(forwards.get('/a'), 'same')
    assert.equal(forwards.get('/c'), 'sa_me')
  })
})

describe('names of arguments', () => {
  test('are those of the parameters; ones that meet get their places as suffix, all of them', async () => {
    const place = (name: string, where: string) => ({ name, in: where, required: true, schema: {} })
    const post = {
      parameters: [
        place('id', 'path'),
        place('id', 'query'),
        place('body', 'query'),
        place('filter[name]', 'query'),
        place('x', 'cookie'),
      ],
      requestBody: { content: { 'application/json': {} } },
    }
    const { operations } = await compileText(documentOf({ '/{id}': { post } }))
    assert.deepEqual(
      operations[0]!.parameters.map(({ argument }) => argument),
      ['id_path', 'id_query', 'body_query', 'filter_name', 'x'],
    )
  })

  test('an operation replaces the parameter of its path', async () => {
    const parameters = [{ name: 'q', in: 'query', schema: { type: 'string' } }]
    const get = { parameters: [{ name: 'q', in: 'query', schema: { type: 'integer' } }] }
    const { operations } = await compileText(documentOf({ '/': { parameters, get } }))
    assert.deepEqual((operations[0]!.definition.inputSchema as JsonObject).properties, { q: { type: 'integer' } })
  })

  test('what belongs to the operator or the connection is no argument', async () => {
    const header = (name: string) => ({ name, in: 'header', schema: {} })
    const get = {
      parameters: [
        ...['Authorization', 'Host', 'Content-Length', 'Cookie', 'X-HTTP-Method-Override', 'X-Api-Key', 'X-Mine'].map(
          header,
        ),
        { name: 'key', in: 'query', required: true },
        { name: 'sid', in: 'cookie' },
      ],
    }
    const taken = ['header:x-api-key', 'query:key', 'cookie:sid']
    const { operations } = await compileText(documentOf({ '/': { get } }), { taken })
    assert.deepEqual(
      operations[0]!.parameters.map(({ name }) => name),
      ['X-Mine'],
    )
  })
})

describe('an operation that cannot be offered is left out with a warning, and the others stay', () => {
  const rows: readonly (readonly [what: string, path: string, item: unknown, why: RegExp])[] = [
    ['TRACE', '/bad', { trace: {} }, /TRACE/],
    [
      'a file upload',
      '/bad',
      { post: { requestBody: { content: { 'multipart/form-data': {} } } } },
      /multipart\/form-data/,
    ],
    ['a body without content', '/bad', { post: { requestBody: {} } }, /no content/],
    ['an unknown path parameter', '/bad/{id}', { get: {} }, /not described/],
    ['braces that do not match', '/bad/{id', { get: {} }, /braces/],
    ['a path with a query', '/bad?x=1', { get: {} }, /odd characters/],
    ['a path with a fragment', '/bad#x', { get: {} }, /odd characters/],
    ['a path with a line break', '/bad\r\nHost: x', { get: {} }, /odd characters/],
    ['a path that climbs', '/bad/../admin', { get: {} }, /"\.\."/],
    ['a path that climbs in disguise', '/bad/%2e%2E/admin', { get: {} }, /"\.\."/],
    ['a path without a slash', 'bad', { get: {} }, /begin with/],
    [
      'a style that does not fit',
      '/bad',
      { get: { parameters: [{ name: 'a', in: 'query', style: 'matrix' }] } },
      /style/,
    ],
    [
      'a header with an impossible name',
      '/bad',
      { get: { parameters: [{ name: 'a\r\nb', in: 'header' }] } },
      /does not allow/,
    ],
    ['a parameter in the body', '/bad', { get: { parameters: [{ name: 'a', in: 'body' }] } }, /no place we know/],
    ['parameters that are no list', '/bad', { get: { parameters: {} } }, /not a list/],
    ['an operation that is a word', '/bad', { get: 'x' }, /not an object/],
    ['a path item that is a word', '/bad', 7, /not an object/],
    [
      'an integer beyond 2^53',
      '/bad',
      { get: { parameters: [{ name: 'a', in: 'query', schema: { const: 2 ** 63 } }] } },
      /canonical/,
    ],
    ['a text beyond measure', '/bad', { get: { description: 'x'.repeat(bounds.definition) } }, /too large/],
  ]
  for (const [what, path, item, why] of rows) {
    test(what, async () => {
      const { operations, warnings } = await compileText(documentOf({ [path]: item, '/good': { get: {} } }))
      assert.deepEqual(
        operations.map(({ path }) => path),
        ['/good'],
      )
      assert.match(warnings.join('\n'), why)
      assert.ok(!/[\r\n]/.test(warnings.join('')), 'a warning is one line')
    })
  }
})

test('a document split into many files is read, references to whole operations included', async () => {
  const files = {
    'a/list.yaml': 'operationId: list\nparameters: [{$ref: "../p.yaml#/q"}]\nresponses: {200: {$ref: r.yaml}}',
    'a/r.yaml': 'content: {application/json: {schema: {$ref: "s.yaml"}}}',
    'a/s.yaml': 'type: object',
    'p.yaml': 'q: {name: q, in: query, schema: {type: string}}',
  }
  const paths = { '/a': { get: { $ref: 'a/list.yaml' }, post: { $ref: 'a/gone.yaml' } } }
  const { operations, warnings } = await compileText(documentOf(paths), { files })
  assert.deepEqual(
    operations.map(({ name, parameters, definition }) => [name, parameters[0]?.name, definition.outputSchema]),
    [['list', 'q', { type: 'object' }]],
  )
  assert.match(warnings.join('\n'), /^POST \/a left out: a "\$ref" is not followed: there is no such file$/)
})

describe('where requests go', () => {
  const rows: readonly (readonly [what: string, servers: unknown, expected: string | RegExp])[] = [
    ['the first server', [{ url: 'https://a.example/v1' }, { url: 'https://b.example' }], 'https://a.example/v1'],
    ['a relative server', [{ url: '../v2' }], 'http://docs.example/v2'],
    ['no server: the host of the document', undefined, 'http://docs.example/'],
    [
      'variables at their defaults',
      [{ url: 'https://{host}.example/{v}', variables: { host: { default: 'eu' }, v: { default: 'v3' } } }],
      'https://eu.example/v3',
    ],
    ['a variable without a default', [{ url: 'https://{host}/' }], /variable/],
    ['a server that is no http', [{ url: 'ftp://a.example' }], /http/],
    ['a server with a password', [{ url: 'https://me:pw@a.example' }], /credentials/],
  ]
  for (const [what, servers, expected] of rows) {
    test(what, async () => {
      const { base, whyNoBase } = await compileText(documentOf({}, { servers }), { endpoint: '' })
      if (typeof expected === 'string') assert.equal(base, expected)
      else assert.match(whyNoBase, expected)
    })
  }

  test('an operation on another host is left out; one on the same host keeps its own base; the base is in the fingerprint', async () => {
    const paths = {
      '/far': { get: { servers: [{ url: 'https://evil.example' }] } },
      '/near': { get: { servers: [{ url: 'https://a.example/v2' }] } },
    }
    const document = documentOf(paths, { servers: [{ url: 'https://a.example/v1' }] })
    const { operations, warnings } = await compileText(document, { endpoint: '' })
    assert.deepEqual(
      operations.map(({ path, base }) => [path, base]),
      [['/near', 'https://a.example/v2']],
    )
    assert.match(warnings.join('\n'), /GET \/far left out: it is served by another host/)
    assert.match(JSON.stringify(operations[0]!.definition._meta), /https:\/\/a\.example\/v2/)
  })
})

describe('security schemes', () => {
  const components = {
    securitySchemes: {
      key: { type: 'apiKey', in: 'query', name: 'api_key' },
      token: { type: 'http', scheme: 'bearer' },
    },
  }

  test('that nothing is set for are named, with the place where their value belongs', async () => {
    const { warnings } = await compileText(documentOf({}, { components }))
    assert.match(warnings.join('\n'), /"key".*"query:api_key"/)
    assert.match(warnings.join('\n'), /"token".*header "authorization"/)
  })

  test('one that is provided for is enough', async () => {
    const { warnings } = await compileText(documentOf({}, { components }), { taken: ['query:api_key'] })
    assert.deepEqual(warnings, [])
  })
})

function idParameter(path: string): unknown[] {
  return path.includes('{id}') ? [{ name: 'id', in: 'path', required: true }] : []
}

async function outputSchemas(responses: Record<string, unknown>): Promise<Record<string, unknown>> {
  const paths = Object.entries(responses).map(([name, responses]) => [
    `/${name}`,
    { get: { operationId: name, responses } },
  ])
  const components = { responses: { Ok: { content: { 'application/json': { schema: { type: 'object' } } } } } }
  const { operations } = await compileText(documentOf(Object.fromEntries(paths), { components }))
  return Object.fromEntries(operations.map(({ name, definition }) => [name, definition.outputSchema]))
}
