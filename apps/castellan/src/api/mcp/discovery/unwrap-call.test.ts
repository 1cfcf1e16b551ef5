import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '../../../kernel/index.ts'
import { unwrapCall } from './unwrap-call.ts'

describe('call_tool', () => {
  test('stands for a call of the tool it names, with the arguments it was given', () => {
    const args = { path: '/a', name: 'not the tool', deep: { arguments: [1] } }
    assert.deepEqual(unwrapCall({ name: 'files__read', arguments: args }), {
      is: 'call',
      name: 'files__read',
      arguments: args,
    })
    assert.deepEqual(unwrapCall({ name: 'files__list' }), { is: 'call', name: 'files__list', arguments: undefined })
  })

  test('names tools of servers only, also where they are called as it is itself', () => {
    for (const name of ['call_tool', 'search_tools']) {
      assert.deepEqual(unwrapCall({ name, arguments: {} }), { is: 'call', name, arguments: {} })
    }
  })

  const wrong: readonly (readonly [string, JsonObject | undefined, RegExp])[] = [
    ['nothing', undefined, /needs the \\"name\\"/],
    ['no name', { arguments: {} }, /needs the \\"name\\"/],
    ['an empty name', { name: '' }, /needs the \\"name\\"/],
    ['arguments beside the name', { name: 'a', path: '/a' }, /goes into \\"arguments\\"/],
    ['arguments as text', { name: 'a', arguments: '{}' }, /\\"arguments\\" as an object/],
    ['arguments as a list', { name: 'a', arguments: [] }, /\\"arguments\\" as an object/],
    ['arguments that are null', { name: 'a', arguments: null }, /\\"arguments\\" as an object/],
  ]
  for (const [what, args, expected] of wrong) {
    test(`says what it takes when it is given ${what}`, () => {
      const unwrapped = unwrapCall(args)
      assert.equal(unwrapped.is, 'refused')
      assert.match(JSON.stringify(unwrapped), expected)
    })
  }
})
