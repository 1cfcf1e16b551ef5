import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestJson, type JsonObject } from '../../kernel/index.ts'
import type { Primitive } from '../capability.ts'
import { aServer } from '../fixtures/server.ts'
import { toolText } from './tool-text.ts'

test('a tool is read as a whole, parameters inside of parameters included', () => {
  const inputSchema: JsonObject = {
    type: 'object',
    description: 'What to make',
    properties: {
      filter: { anyOf: [{ properties: { colour: { enum: ['red', 'blue', 3] } } }, { $ref: '#/$defs/size' }] },
      tags: { type: 'array', items: { title: 'Tag', description: 'A label' } },
    },
    $defs: { size: { description: 'How big' } },
  }
  const text = read('tool', 'make', { title: 'Maker', description: 'Makes.', inputSchema, annotations: { title: 'M' } })
  assert.deepEqual(text, {
    server: 'files',
    name: 'make',
    title: 'Maker\nM',
    description: 'Makes.',
    schema: 'What to make\nfilter\ncolour\nred\nblue\ntags\nTag\nA label\nsize\nHow big',
  })
})

test('a resource or prompt that is offered as a tool is read, too', () => {
  const resource = read('resource', 'file:///plan.md', { uri: 'file:///plan.md', name: 'The plan' })
  assert.equal(resource.name, 'file:///plan.md\nThe plan')
  const prompt = read('prompt', 'review', { arguments: [{ name: 'code', description: 'What to review' }] })
  assert.equal(prompt.schema, 'code\nWhat to review')
})

test('a definition of any shape and size is read in bounds', () => {
  let deep: JsonObject = { description: 'bottom' }
  for (let level = 0; level < 120; level++) deep = { description: `level ${level}`, items: deep }
  const odd: readonly JsonObject[] = [
    {},
    { title: 5, description: ['x'], inputSchema: 'none', annotations: null },
    { inputSchema: { properties: [1], enum: 'x', $defs: 5, items: [[[]]] } },
    { inputSchema: deep },
    { description: 'd'.repeat(1_000_000), title: 't'.repeat(1_000_000) },
    { inputSchema: { enum: Array.from({ length: 100_000 }, (_, index) => `value ${index}`) } },
  ]
  for (const definition of odd) {
    const length = Object.values(read('tool', 'n'.repeat(10_000), definition)).join('').length
    assert.ok(length < 15_000, `${length}`)
  }
  assert.doesNotMatch(read('tool', 'x', { inputSchema: deep }).schema, /bottom/)
})

function read(primitive: Primitive, name: string, given: JsonObject) {
  const server = aServer()
  const definition = { name, ...given }
  const digest = digestJson(definition)
  return toolText({
    server,
    capability: { server: server.id, primitive, name, definition, digest, impliedEffect: null },
  })
}
