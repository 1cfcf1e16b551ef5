import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestJson, type JsonObject } from '../../kernel/index.ts'
import type { Offer, Primitive } from '../../registry/index.ts'
import { aServer } from '../../registry/fixtures/server.ts'
import { page } from './lists.ts'

describe('a list', () => {
  test('comes in pages that together hold everything once, in order', () => {
    const all = offers(Array.from({ length: 2_500 }, (_, index) => `tool-${String(index).padStart(4, '0')}`))
    const seen: unknown[] = []
    const sizes: number[] = []
    let cursor: string | undefined
    do {
      const { definitions, next } = page(all, cursor, false)
      sizes.push(definitions.length)
      seen.push(...definitions.map(({ name }) => name))
      cursor = next.nextCursor
    } while (cursor !== undefined)
    assert.deepEqual(sizes, [1_000, 1_000, 500])
    assert.deepEqual(
      seen,
      all.map(({ exposed }) => exposed),
    )
  })

  test('that changes between two pages neither repeats nor skips what stayed', () => {
    const names = Array.from({ length: 1_500 }, (_, index) => `tool-${String(index).padStart(4, '0')}`)
    const { next } = page(offers(names), undefined, false)
    const changed = names
      .filter(name => name !== 'tool-0999' && name !== 'tool-0500')
      .concat('tool-0100a')
      .toSorted()
    const rest = page(offers(changed), next.nextCursor, false).definitions.map(({ name }) => name)
    assert.deepEqual(rest, names.slice(1_000))
  })

  test('refuses a cursor that is none of ours, and takes one of a name that is gone', () => {
    const all = offers(['a', 'b', 'c'])
    for (const cursor of ['', '***', 'ä', 'A'.repeat(5_000)]) {
      assert.throws(() => page(all, cursor, false), /Invalid cursor/)
    }
    const beyond = Buffer.from('zzz').toString('base64url')
    assert.deepEqual(page(all, beyond, false), { definitions: [], next: {} })
  })

  test('leaves out what no client can read, and nothing else', () => {
    const bad: readonly (readonly [Primitive, JsonObject])[] = [
      ['tool', { name: 'bad', inputSchema: 'no' }],
      ['tool', { name: 'bad', inputSchema: { type: 'array' } }],
      ['tool', { name: 'bad', inputSchema: { type: 'object', properties: 5 } }],
      ['tool', { name: 'bad', inputSchema: { type: 'object' }, description: 5 }],
      ['tool', { name: 'bad', inputSchema: { type: 'object' }, annotations: 'x' }],
      ['resource', { uri: 'a://b' }],
      ['template', { name: 'bad' }],
      ['prompt', { name: 'bad', arguments: [{}] }],
    ]
    for (const [as, definition] of bad) {
      const definitions = page([offer(as, definition), offer('tool', tool('good'))], undefined, false).definitions
      assert.deepEqual(definitions, [tool('good')], JSON.stringify(definition))
    }
  })

  test('shows a definition as it was discovered, unknown fields included', () => {
    const definition = { ...tool('x'), description: 'd'.repeat(10_000), 'x-new': { deep: [1] }, _meta: { a: 1 } }
    assert.deepEqual(page([offer('tool', definition)], undefined, true).definitions, [definition])
  })

  test('says that arguments are an object where a server forgot to', () => {
    const definition = { name: 'x', inputSchema: { properties: { a: {} } } }
    const expected = { name: 'x', inputSchema: { type: 'object', properties: { a: {} } } }
    assert.deepEqual(page([offer('tool', definition)], undefined, false).definitions, [expected])
  })

  test('shows an output that is no object only to clients who know that', () => {
    const definition = { ...tool('x'), outputSchema: { type: 'string' } }
    const listed = [offer('tool', definition)]
    assert.deepEqual(page(listed, undefined, false).definitions, [definition])
    assert.deepEqual(page(listed, undefined, true).definitions, [tool('x')])
  })
})

function tool(name: string): JsonObject & { readonly name: string } {
  return { name, inputSchema: { type: 'object' } }
}

function offers(names: readonly string[]): readonly Offer[] {
  return names.map(name => offer('tool', tool(name)))
}

function offer(as: Primitive, definition: JsonObject): Offer {
  const server = aServer()
  const name = String(definition.name)
  const digest = digestJson(definition)
  const capability = { server: server.id, primitive: as, name, definition, digest, impliedEffect: null }
  return { exposed: name, as, server, capability, definition }
}
