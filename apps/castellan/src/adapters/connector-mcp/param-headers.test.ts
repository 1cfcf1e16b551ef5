import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../kernel/index.ts'
import { headerMarks } from '../../registry/index.ts'
import { paramHeaders } from './param-headers.ts'

const definition: JsonObject = {
  name: 'deploy',
  inputSchema: {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
      nested: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
      plain: { type: 'string', default: { 'x-mcp-header': 'only an example' } },
    },
  },
}

test('marked arguments are mirrored, absent and null ones are not', () => {
  assert.deepEqual(paramHeaders(definition, { region: 'eu', dry: false, nested: { count: 3 }, plain: 'x' }), {
    'Mcp-Param-Region': 'eu',
    'Mcp-Param-Dry': 'false',
    'Mcp-Param-Count': '3',
  })
  assert.deepEqual(paramHeaders(definition, { region: null, nested: 'not an object' }), {})
})

test('what a header cannot carry travels in base64, and cannot smuggle a line', () => {
  for (const region of ['Zürich', ' padded ', 'a\r\nX-Evil: 1', '=?base64?eA==?=']) {
    const header = paramHeaders(definition, { region })['Mcp-Param-Region']!
    const encoded = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/.exec(header)
    assert.ok(encoded, header)
    assert.equal(Buffer.from(encoded[1]!, 'base64').toString(), region)
  }
})

test('an empty argument has an empty header', () => {
  assert.deepEqual(paramHeaders(definition, { region: '' }), { 'Mcp-Param-Region': '' })
})

test('a mark in the wrong place, of the wrong type or with a bad name makes the tool invalid', () => {
  assert.ok(headerMarks(definition))
  assert.ok(headerMarks({ name: 'no schema' }))
  const marked = { type: 'string', 'x-mcp-header': 'A' }
  const bad: JsonObject[] = [
    marked,
    { properties: { list: { type: 'array', items: marked } } },
    { anyOf: [{ properties: { a: marked } }] },
    { properties: { a: { type: 'object', 'x-mcp-header': 'A' } } },
    { properties: { a: { type: 'number', 'x-mcp-header': 'A' } } },
    { properties: { a: { type: 'string', 'x-mcp-header': 'two words' } } },
    { properties: { a: { type: 'string', 'x-mcp-header': 1 } } },
    { properties: { a: marked, b: { type: 'string', 'x-mcp-header': 'a' } } },
  ]
  for (const inputSchema of bad)
    assert.equal(headerMarks({ name: 'bad', inputSchema }), null, JSON.stringify(inputSchema))
})
