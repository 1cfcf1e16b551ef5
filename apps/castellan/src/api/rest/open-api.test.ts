import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { SERVER_NAME } from '../../registry/index.ts'
import { serverName } from '@castellan/contracts'
import { type ControlPlane, controlPlane } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security?: object[]
  parameters?: { in: string; name: string; required?: boolean; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}
interface Document {
  openapi: string
  info: object
  components: { schemas: Record<string, object>; securitySchemes: object }
  security: object[]
  paths: Record<string, Record<string, Operation>>
}

let castellan: ControlPlane
let document: Document
let operations: { method: string; path: string; operation: Operation }[]
before(async () => {
  castellan = await controlPlane()
  document = JSON.parse((await ask(castellan, 'GET', '/api/openapi.json', { key: null })).text) as Document
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
})
after(() => castellan[Symbol.asyncDispose]())

describe('the OpenAPI document', () => {
  test('is 3.1, and the reference shows the very same', async () => {
    assert.equal(document.openapi, '3.1.0')
    assert.deepEqual(JSON.parse((await ask(castellan, 'GET', '/docs/json', { key: null })).text), document)
  })

  test('names every operation once, with a summary, a tag and its path parameters', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    assert.equal(new Set(ids).size, ids.length)
    for (const { path, operation } of operations) {
      assert.match(operation.operationId, /^[a-z][A-Za-z]+$/)
      assert.ok(operation.summary.length > 0 && operation.tags.length === 1)
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const given = (operation.parameters ?? []).filter(each => each.in === 'path')
      assert.deepEqual(
        given.map(({ name }) => name),
        named,
      )
      assert.ok(given.every(({ required }) => required === true))
    }
  })

  test('says of every operation how it says no', () => {
    for (const { operation } of operations) {
      const content = operation.responses.default?.content?.['application/problem+json']
      assert.deepEqual(content?.schema, { $ref: '#/components/schemas/Problem' })
    }
  })

  test('asks for credentials everywhere but for signs of life and answers that carry a token of their own', () => {
    assert.deepEqual(document.security, [{ bearer: [] }])
    const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path)
    assert.deepEqual(open.toSorted(), [
      '/api/approvals/{id}/callback',
      '/api/runs/callbacks/{token}',
      '/health',
      '/hooks/{tenant}/{id}',
      '/ready',
    ])
  })

  test('refers only to components that exist, and has no other', () => {
    const text = JSON.stringify(document)
    const refs = new Set([...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
    assert.equal(text.match(/"\$ref":/g)?.length, text.match(/"\$ref":"#\/components\/schemas\/\w+"/g)?.length)
    assert.deepEqual([...refs].toSorted(), Object.keys(document.components.schemas))
    assert.ok(refs.size >= 30, `only ${refs.size} named components`)
  })

  test('holds nothing but schemas of JSON Schema 2020-12 where schemas belong', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false })
    formats.default(ajv)
    ajv.addKeyword('components')
    ajv.addSchema({ $id: 'document', components: document.components })
    const schemas = operations.flatMap(({ operation }) => [
      ...(operation.parameters ?? []).map(({ schema }) => schema),
      ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
      ...Object.values(operation.responses).flatMap(({ content = {} }) =>
        Object.values(content).map(({ schema }) => schema),
      ),
    ])
    const texts = new Set([...schemas, ...Object.values(document.components.schemas)].map(each => JSON.stringify(each)))
    assert.ok(texts.size > 100)
    for (const text of texts) {
      const local = JSON.parse(text.replaceAll('"#/components', '"document#/components')) as object
      assert.doesNotThrow(() => ajv.compile(local), text)
    }
  })

  test('describes what comes back', async () => {
    const ajv = new Ajv2020({ strict: false })
    formats.default(ajv)
    ajv.addSchema({ $id: 'document', components: document.components, paths: document.paths })
    for (const path of [
      '/api/grants',
      '/api/principals',
      '/api/keys',
      '/api/journal',
      '/api/tenants',
      '/api/policies',
    ]) {
      const pointer = `document#/paths/${path.replaceAll('/', '~1')}/get/responses/200/content/application~1json/schema`
      const fits = ajv.getSchema(pointer)
      assert.ok(fits, pointer)
      const { text } = await ask(castellan, 'GET', path)
      assert.ok(fits(JSON.parse(text)), `${path}: ${JSON.stringify(fits.errors)}`)
    }
  })
})

test('docs/reference/rest.md has every operation with its summary, and no other', () => {
  const page = readFileSync(new URL('../../../../../docs/reference/rest.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z]+) (\/[^`]*)` +\| (.*?) +\|/gm)].map(([, ...row]) => row.join(' '))
  const described = operations.map(({ method, path, operation }) => `${method} ${path} ${operation.summary}`)
  assert.deepEqual(rows.toSorted(), described.toSorted())
})

test('the contracts and the registry agree on what names a server', () => {
  for (const name of ['a', 'files', 'a-b', 'a--b', '-a', 'a-', 'A', 'a_b', 'a'.repeat(24), 'a'.repeat(25), '']) {
    assert.equal(serverName.safeParse(name).success, SERVER_NAME.test(name), name)
  }
})
