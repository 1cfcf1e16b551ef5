import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSpecType } from '@modelcontextprotocol/server'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { digestJson, type JsonObject } from '../../../kernel/index.ts'
import type { FoundTool, ToolQuery } from '../../../registry/index.ts'
import { aServer } from '../../../registry/fixtures/server.ts'
import { metaTools } from './meta-tools.ts'
import { searchTools } from './search-tools.ts'

const issue: JsonObject = {
  name: 'hub__create_issue',
  title: 'New issue',
  description: 'Create a new issue\n in a repository.',
  inputSchema: {
    type: 'object',
    properties: {
      repo: { type: 'string' },
      labels: { type: 'array', items: { type: 'string' } },
      state: { enum: ['open', 'closed'] },
      count: { type: ['integer', 'null'] },
    },
    required: ['repo'],
  },
  outputSchema: { type: 'object' },
  annotations: { readOnlyHint: false },
  _meta: { 'vendor/x': 1 },
}

describe('search_tools', () => {
  test('answers with what is needed to call a tool, in the order it was found', async () => {
    const { structuredContent } = await searchTools({ query: 'x' }, finding([issue, { name: 'b', inputSchema: {} }]))
    const { title: _title, _meta, ...rest } = issue
    assert.deepEqual(structuredContent, { tools: [rest, { name: 'b', description: '', inputSchema: {} }] })
  })

  test('answers with a line for each tool, for models that only read text', async () => {
    const { content } = await searchTools({ query: 'x' }, finding([issue]))
    const [{ text } = { text: '' }] = content as { text: string }[]
    assert.equal(
      text,
      'The tools that fit best, the best first. Use one with call_tool.\n' +
        'hub__create_issue(repo: string, labels?: string[], state?: "open"|"closed", count?: integer|null): ' +
        'Create a new issue in a repository.',
    )
  })

  test('says what to do when nothing fits', async () => {
    const { content, structuredContent } = await searchTools({ query: 'x' }, finding([]))
    assert.deepEqual(structuredContent, { tools: [] })
    assert.match(JSON.stringify(content), /Try other words/)
  })

  test('answers as its definition promises, whatever servers say of their tools', async () => {
    const odd: readonly JsonObject[] = [
      { name: 'a', inputSchema: true, outputSchema: false, annotations: 'x', description: 5 },
      { name: 'b', inputSchema: { properties: [1], required: 'a' } },
      { name: 'c', inputSchema: { properties: { x: true, y: { enum: Array(50).fill('v') }, z: { type: 'array' } } } },
      { name: 'd', description: '😀'.repeat(1_000) },
    ]
    const result = await searchTools({ query: 'x' }, finding(odd))
    const fits = new Ajv2020().compile(metaTools.find(({ name }) => name === 'search_tools')?.outputSchema as object)
    assert.ok(fits(result.structuredContent), JSON.stringify(fits.errors))
    assert.ok(isSpecType.CallToolResult(result))
    assert.ok(JSON.stringify(result).isWellFormed())
  })

  test('looks for the words given, and for five tools when it is not said how many', async () => {
    const asked: ToolQuery[] = []
    const find = async (query: ToolQuery) => (asked.push(query), [])
    await searchTools({ query: 'create issue' }, find)
    await searchTools({ query: 'create issue', limit: 20 }, find)
    assert.deepEqual(asked, [
      { words: 'create issue', limit: 5 },
      { words: 'create issue', limit: 20 },
    ])
  })

  test('leaves out definitions that would make an answer endless, and says so; never the best one', async () => {
    const huge = (name: string): JsonObject => ({ name, description: 'd'.repeat(50_000) })
    const { content, structuredContent } = await searchTools({ query: 'x' }, finding([huge('a'), huge('b'), huge('c')]))
    const { tools } = structuredContent as { tools: JsonObject[] }
    assert.deepEqual(tools.map(({ name }) => name), ['a']) // prettier-ignore
    assert.match(JSON.stringify(content), /2 more would make this answer too long/)
  })

  const wrong: readonly (readonly [string, JsonObject | undefined, RegExp])[] = [
    ['nothing', undefined, /needs a \\"query\\"/],
    ['an empty query', { query: ' ' }, /needs a \\"query\\"/],
    ['a query that is a list', { query: ['a'] }, /needs a \\"query\\"/],
    ['a text', { query: 'a'.repeat(401) }, /1 to 400 characters/],
    ['a limit of nothing', { query: 'a', limit: 0 }, /\\"limit\\" from 1 to 20/],
    ['half a tool', { query: 'a', limit: 1.5 }, /\\"limit\\" from 1 to 20/],
    ['a limit in words', { query: 'a', limit: 'all' }, /\\"limit\\" from 1 to 20/],
    ['something unknown', { query: 'a', server: 'b' }, /nothing but/],
  ]
  for (const [what, args, expected] of wrong) {
    test(`says what it takes when it is given ${what}`, async () => {
      const result = await searchTools(args, () => assert.fail('searched'))
      assert.equal(result.isError, true)
      assert.match(JSON.stringify(result.content), expected)
      assert.ok(isSpecType.CallToolResult(result))
    })
  }
})

function finding(definitions: readonly JsonObject[]): () => Promise<readonly FoundTool[]> {
  const server = aServer({ name: 'hub' })
  return async () =>
    definitions.map(definition => {
      const name = String(definition.name)
      const digest = digestJson(definition)
      const capability = {
        server: server.id,
        primitive: 'tool' as const,
        name,
        definition,
        digest,
        impliedEffect: null,
      }
      return { offer: { exposed: name, as: 'tool' as const, server, capability, definition }, score: 1 }
    })
}
