import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestJson, type JsonObject } from '../kernel/index.ts'
import { inputSchemaOf } from './as-tool.ts'
import type { Capability } from './capability.ts'

test('an argument of a prompt may have any name', () => {
  const definition: JsonObject = {
    name: 'x',
    arguments: [{ name: '__proto__', required: true }, { name: 'constructor' }],
  }
  const digest = digestJson(definition)
  const prompt: Capability = { server: 's', primitive: 'prompt', name: 'x', definition, digest, impliedEffect: null }
  const schema = inputSchemaOf(prompt)
  assert.deepEqual(Object.keys(schema?.properties ?? {}), ['__proto__', 'constructor'])
  assert.deepEqual(schema?.required, ['__proto__'])
})
