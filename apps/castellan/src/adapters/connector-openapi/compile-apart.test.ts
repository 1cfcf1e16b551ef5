import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type FaultCode, isFault } from '../../kernel/index.ts'
import { defaultTimeouts } from '../../registry/index.ts'
import { bounds } from './bounds.ts'
import { compileApart } from './compile-apart.ts'
import { documentOf } from './fixtures/compile-text.ts'
import { type Handler, httpServer } from '../http-client/fixtures/http-server.ts'
import type { CompiledDocument } from './operation.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-openapi-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const one = { '/': { get: { operationId: 'one' } } }

describe('a document in a file', () => {
  test('is read with the files beside it', async () => {
    file('tag.yaml', 'type: string')
    const { operations } = await compile(file('own.json', documentOf(bodyOf({ $ref: 'tag.yaml' }))))
    assert.match(JSON.stringify(operations[0]!.definition), /"body":\{"type":"string"\}/)
  })

  for (const [what, ref] of Object.entries({
    'another folder': '../../../../../../etc/passwd',
    'a file URL': 'file:///etc/passwd',
    'a host': 'http://127.0.0.1:1/x.json',
    'a host without scheme': '//127.0.0.1/etc/passwd',
    'a link that leads out of the folder': 'link.json',
    'a device': 'data:application/json,{}',
  })) {
    test(`cannot make us read ${what}`, async () => {
      rmSync(join(folder, 'link.json'), { force: true })
      symlinkSync('/etc/passwd', join(folder, 'link.json'))
      const paths = { ...bodyOf({ $ref: ref }), ...one }
      const { operations, warnings } = await compile(file('ref.json', documentOf(paths)))
      assert.deepEqual(
        operations.map(({ name }) => name),
        ['one'],
      )
      assert.match(warnings.join('\n'), /POST \/body left out: a "\$ref" is not followed/)
      assert.ok(!/root:/.test(warnings.join('\n')))
    })
  }

  test('that is none says so, quotes nothing, and names no other file', async () => {
    await refuses(compile('/etc/passwd'), 'DOCUMENT_INVALID', message => assert.ok(!/root|bash/.test(message), message))
    await refuses(compile(join(folder, 'gone.json')), 'DOCUMENT_INVALID', message =>
      assert.match(message, /no such file/),
    )
    await refuses(compile('/dev/zero'), 'DOCUMENT_INVALID', message => assert.match(message, /not a file/))
    await refuses(compile(folder), 'DOCUMENT_INVALID', message => assert.match(message, /not a file/))
  })
})

describe('a document at a URL', () => {
  test('is read with its neighbours of the same origin, and redirects within it are followed', () =>
    served(
      {
        '/moved': { location: '/v1/api.json' },
        '/v1/tag.json': { type: 'string' },
        '/v1/api.json': documentOf(bodyOf({ $ref: '/v1/tag.json' })),
      },
      async url => {
        // References are relative to where the document was asked for.
        const { operations } = await compile(`${url}/moved`)
        assert.match(JSON.stringify(operations[0]!.definition), /"body":\{"type":"string"\}/)
      },
    ))

  test('cannot make us ask another host, neither by reference nor by redirect', async () => {
    const other = await httpServer((_, response) => response.end('{}'))
    const paths = { ...bodyOf({ $ref: `${other.url}/x` }), ...one }
    await served({ '/api.json': documentOf(paths), '/moved': { location: other.url } }, async url => {
      const { operations, warnings } = await compile(`${url}/api.json`)
      assert.deepEqual(
        operations.map(({ name }) => name),
        ['one'],
      )
      assert.match(warnings.join('\n'), /another host/)
      await refuses(compile(`${url}/moved`), 'DOCUMENT_INVALID', message => assert.match(message, /another host/))
    })
    assert.deepEqual(other.received, [])
    await other.stop()
  })

  test('cannot make us read a file', () =>
    served({ '/api.json': documentOf(bodyOf({ $ref: 'file:///etc/passwd' })) }, async url => {
      const { operations, warnings } = await compile(`${url}/api.json`)
      assert.deepEqual(operations, [])
      assert.match(warnings.join('\n'), /another kind of place/)
    }))

  test('that is not there, too large, moves in circles, or nobody serves is a clear fault', () =>
    served({ '/circle': { location: '/circle' }, '/large': 'x'.repeat(bounds.documentBytes + 1) }, async url => {
      await refuses(compile(`${url}/none`), 'DOCUMENT_INVALID', message => assert.match(message, /404/))
      await refuses(compile(`${url}/large`), 'DOCUMENT_INVALID', message => assert.match(message, /20 MB/))
      await refuses(compile(`${url}/circle`), 'DOCUMENT_INVALID', message => assert.match(message, /too often/))
      await refuses(compile('http://127.0.0.1:1/'), 'UPSTREAM_UNREACHABLE')
    }))
})

describe('a hostile document is refused, or loses what is hostile, in bounded time', { timeout: 60_000 }, () => {
  const deep = 10_000
  const refused: readonly (readonly [what: string, text: () => string, why: RegExp])[] = [
    ['a YAML bomb', () => bomb(30), /aliases|too large/],
    [
      'YAML nested ten thousand levels deep',
      () => `openapi: 3.1.0\npaths: ${'['.repeat(deep)}${']'.repeat(deep)}`,
      /./,
    ],
    [
      'YAML maps nested ten thousand levels deep',
      () => `openapi: 3.1.0\npaths: ${'{a: '.repeat(deep)}${'}'.repeat(deep)}`,
      /./,
    ],
    [
      'more operations than anyone has',
      () => JSON.stringify(documentOf(manyPaths(bounds.operations + 1))),
      /more than 5000/,
    ],
  ]
  for (const [what, text, why] of refused) {
    test(what, () =>
      refuses(compile(file('hostile.yaml', text())), 'DOCUMENT_INVALID', message => assert.match(message, why)),
    )
  }

  const survived: readonly (readonly [what: string, document: () => unknown])[] = [
    ['JSON nested ten thousand levels deep', () => nested(deep)],
    [
      'a reference to itself',
      () =>
        documentOf(
          { ...bodyOf({ $ref: '#/components/schemas/A' }), ...one },
          { components: { schemas: { A: { $ref: '#/components/schemas/A' } } } },
        ),
    ],
    [
      'path items that refer to each other',
      () => documentOf({ '/a': { $ref: '#/paths/~1b' }, '/b': { $ref: '#/paths/~1a' }, ...one }),
    ],
    [
      'an enum of half a million values',
      () => documentOf({ ...bodyOf({ enum: Array.from({ length: 500_000 }, (_, i) => i) }), ...one }),
    ],
    ['schemas that double thirty times', () => documentOf({ ...one }, { components: { schemas: doubling(30) } })],
    ['a YAML alias within itself', () => 'openapi: 3.1.0\nx: &a {b: *a}\npaths: {/: {get: {operationId: one}}}'],
    [
      'a hundred references to other files',
      () =>
        documentOf({ ...bodyOf({ allOf: Array.from({ length: 100 }, (_, i) => ({ $ref: `f${i}.json` })) }), ...one }),
    ],
  ]
  for (const [what, document] of survived) {
    test(what, async () => {
      const made = document()
      const { operations } = await compile(file('hostile.yaml', made))
      assert.ok(operations.some(({ name }) => name === 'one'))
    })
  }

  test('two thousand operations with schemas that double thirty times', async () => {
    const paths = manyPaths(2_000, {
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/L0' } } } },
    })
    const { operations } = await compile(
      file('large.json', documentOf(paths, { components: { schemas: doubling(30) } })),
    )
    assert.ok(operations.length > 100)
  })
})

test('whoever waits no longer ends the work at once', async () => {
  // About as much YAML as is allowed, which takes a good while to read.
  const text = `openapi: 3.1.0\nx-list:\n${'  - {a: 1, b: [x, y], c: "some text"}\n'.repeat(500_000)}`
  const path = file('slow.yaml', text)
  const started = performance.now()
  await refuses(compile(path, AbortSignal.timeout(300)), 'UPSTREAM_TIMEOUT')
  assert.ok(performance.now() - started < 3_000)
  await refuses(compile(path, AbortSignal.abort()), 'UPSTREAM_TIMEOUT')
})

function compile(document: string, signal = AbortSignal.timeout(30_000)): Promise<CompiledDocument> {
  const endpoint = 'http://127.0.0.1:1'
  const connection = { transport: 'openapi', document, endpoints: [endpoint], headers: {} } as const
  return compileApart(
    { server: 'service', connection, endpoint, taken: [], headers: {}, timeouts: defaultTimeouts },
    signal,
  )
}

async function refuses(
  work: Promise<unknown>,
  code: FaultCode,
  check: (message: string) => void = () => {},
): Promise<void> {
  await assert.rejects(work, error => {
    assert.ok(isFault(error, code), String(error))
    check(error.message)
    return true
  })
}

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Serves values as JSON, text as it is, and `{ location }` as a redirect. */
async function served(files: Readonly<Record<string, unknown>>, body: (url: string) => Promise<void>): Promise<void> {
  const handler: Handler = ({ url }, response) => {
    const found = files[url]
    if (found === undefined) response.writeHead(404).end()
    else if (typeof found === 'string') response.end(found)
    else if (typeof found === 'object' && found !== null && 'location' in found) {
      response.writeHead(302, { location: String(found.location) }).end()
    } else response.end(JSON.stringify(found))
  }
  const server = await httpServer(handler)
  try {
    await body(server.url)
  } finally {
    await server.stop()
  }
}

function bodyOf(schema: unknown): Record<string, unknown> {
  return { '/body': { post: { requestBody: { content: { 'application/json': { schema } } } } } }
}

function bomb(levels: number): string {
  const lines = ['openapi: 3.1.0', 'a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level <= levels; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`)
  }
  return [
    ...lines,
    `paths: {/: {post: {requestBody: {content: {application/json: {schema: {enum: *a${levels}}}}}}}}`,
  ].join('\n')
}

/** As text: no JSON writer goes so deep. */
function nested(levels: number): string {
  const schema = `${'{"items":'.repeat(levels)}true${'}'.repeat(levels)}`
  return JSON.stringify(documentOf({ ...bodyOf('SCHEMA'), ...one })).replace('"SCHEMA"', schema)
}

function doubling(levels: number): Record<string, unknown> {
  const schemas: Record<string, unknown> = { [`L${levels}`]: { type: 'string' } }
  for (let level = 0; level < levels; level++) {
    const next = { $ref: `#/components/schemas/L${level + 1}` }
    schemas[`L${level}`] = { properties: { a: next, b: next } }
  }
  return schemas
}

function manyPaths(count: number, operation: object = {}): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`/p${index}`, { post: operation }]))
}
