import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../kernel/index.ts'
import { withoutMarked } from './secret-arguments.ts'

const cut = (inputSchema: JsonObject, args: JsonObject) =>
  withoutMarked(args, { definition: { name: 't', inputSchema } })

test('arguments that a schema marks as secret are taken out, wherever they are, and nothing else is', () => {
  const secret = { type: 'string', format: 'password' }
  const schema = {
    type: 'object',
    properties: {
      phrase: secret,
      card: { writeOnly: true, type: 'object' },
      people: { type: 'array', items: { type: 'object', properties: { phrase: secret, name: { type: 'string' } } } },
      ['__proto__']: { type: 'object' },
    },
  }
  assert.deepEqual(
    cut(schema, { phrase: 'x', card: { number: 1 }, people: [{ phrase: 'y', name: 'ann' }, 'odd'], other: ['phrase'] }),
    {
      phrase: '[redacted]',
      card: '[redacted]',
      people: [{ phrase: '[redacted]', name: 'ann' }, 'odd'],
      other: ['phrase'],
    },
  )
  assert.deepEqual(cut(schema, { phrase: null, people: 'none' }), { phrase: null, people: 'none' })
})

test('without marks the arguments are the very same', () => {
  const args = { a: 1 }
  assert.equal(cut({ type: 'object', properties: { a: { type: 'number' }, b: true } }, args), args)
  assert.equal(withoutMarked(args, { definition: { name: 't' } }), args)
})

test('a schema that goes round and round, or is no schema, does no harm', () => {
  let deep: JsonObject = { format: 'password' }
  for (let n = 0; n < 1_000; n++) deep = { properties: { a: deep } }
  assert.deepEqual(cut(deep, { a: { a: 1 } }), { a: { a: 1 } })
  assert.deepEqual(cut({ properties: [1], items: 'x' }, { a: 1 }), { a: 1 })
})
