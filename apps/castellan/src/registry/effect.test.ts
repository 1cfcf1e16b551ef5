import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '../kernel/index.ts'
import type { Capability } from './capability.ts'
import { effectOf, isOpenWorld, labelsOf } from './effect.ts'
import { noSandboxWishes, type SandboxSettings } from './sandbox.ts'
import { aServer } from './fixtures/server.ts'
import type { EffectClass } from './server.ts'

const tool = (annotations: JsonObject, impliedEffect: EffectClass | null = null): Capability => ({
  server: 's',
  primitive: 'tool',
  name: 'do',
  definition: { name: 'do', annotations },
  digest: 'sha256:0',
  impliedEffect,
})

describe('the effect class is the first that applies', () => {
  test("the operator's word outranks a method and a hint", () => {
    const server = aServer({ trusted: true, tools: { do: { effect: 'unsafe' } } })
    assert.equal(effectOf(server, tool({ readOnlyHint: true }, 'read')), 'unsafe')
  })

  test('a method outranks a hint', () => {
    assert.equal(effectOf(aServer({ trusted: true }), tool({ readOnlyHint: true }, 'idempotent')), 'idempotent')
  })

  test('hints of a trusted server are believed', () => {
    assert.equal(effectOf(aServer({ trusted: true }), tool({ readOnlyHint: true })), 'read')
    assert.equal(effectOf(aServer({ trusted: true }), tool({ idempotentHint: true })), 'idempotent')
  })

  test('hints of any other server are not', () => {
    assert.equal(effectOf(aServer(), tool({ readOnlyHint: true, idempotentHint: true })), 'unsafe')
  })

  test('hints that are not true are no hints', () => {
    assert.equal(effectOf(aServer({ trusted: true }), tool({ readOnlyHint: 'yes', idempotentHint: 1 })), 'unsafe')
  })
})

const builtIn = aServer({ connection: { transport: 'builtin', builtin: 'http_fetch', settings: {} } })

test('what a built-in says of its tools is believed', () => {
  assert.equal(effectOf(builtIn, tool({ readOnlyHint: true })), 'read')
  assert.equal(isOpenWorld(builtIn, tool({ openWorldHint: false })), false)
})

test('labels are taken from built-ins alone: nothing holds others to theirs', () => {
  const definition = { name: 'do', _meta: { 'castellan/labels': ['untrusted', 7] } }
  const labelled = { ...tool({}), definition }
  assert.deepEqual(labelsOf(builtIn, labelled), ['untrusted'])
  assert.deepEqual(labelsOf(aServer({ trusted: true }), labelled), [])
  assert.deepEqual(labelsOf(builtIn, tool({})), [])
})

describe('a tool is taken to reach the network', () => {
  test('unless a trusted server says that its world is closed', () => {
    assert.equal(isOpenWorld(aServer({ trusted: true }), tool({ openWorldHint: false })), false)
    assert.equal(isOpenWorld(aServer({ trusted: true }), tool({})), true)
    assert.equal(isOpenWorld(aServer(), tool({ openWorldHint: false })), true)
  })

  test('or it runs where it cannot, whatever anybody says', () => {
    const { connection, ...rest } = aServer({ tools: { do: { network: true } } })
    const confined = (wishes: Partial<SandboxSettings>) => {
      const sandbox = { preset: 'strict', ...noSandboxWishes, ...wishes } as const
      return { ...rest, connection: { ...connection, sandbox } as typeof connection }
    }
    assert.equal(isOpenWorld(confined({}), tool({ openWorldHint: true })), false)
    assert.equal(isOpenWorld(confined({ network: 'host' }), tool({ openWorldHint: true })), true)
  })

  test('or the operator does, whatever the server says', () => {
    assert.equal(isOpenWorld(aServer({ tools: { do: { network: false } } }), tool({ openWorldHint: true })), false)
    assert.equal(
      isOpenWorld(aServer({ trusted: true, tools: { do: { network: true } } }), tool({ openWorldHint: false })),
      true,
    )
  })
})
