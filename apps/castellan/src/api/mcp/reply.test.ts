import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RpcError } from './wire/rpc.ts'
import type { Answer, Outcome } from '../../gate/index.ts'
import { resultOf } from './reply.ts'

const tool = { use: 'tool', name: 'files__read' } as const
const resource = { use: 'resource', name: 'file:///x' } as const

describe('an answer of the gate', () => {
  test('is what the server said, as it said it', () => {
    const result = { content: [{ type: 'new', x: 1 }], structuredContent: [1], isError: true, 'x-later': null }
    for (const is of ['ok', 'toolError'] as const) {
      assert.equal(resultOf(ended({ is, result }), tool, false, false), result)
    }
  })

  test("is the server's own JSON-RPC error, code and data included", () => {
    const error = { code: -32042, message: 'theirs', data: { a: 1 } }
    const { code, message, data } = thrown(() =>
      resultOf(ended({ is: 'failed', error, fault: null }), tool, false, false),
    )
    assert.deepEqual({ code, message, data }, error)
  })

  test('is a result a model can read when a tool call ended badly, and an error for anything else', () => {
    const bad: readonly (readonly [Answer, string])[] = [
      [ended({ is: 'timeout', message: 'too late' }), 'timeout'],
      [ended({ is: 'cancelled', message: 'given up' }), 'cancelled'],
      [ended({ is: 'indeterminate', message: 'nobody knows' }), 'indeterminate'],
      [ended({ is: 'failed', error: { code: -32000, message: 'gone' }, fault: 'UPSTREAM_UNREACHABLE' }), 'error'],
      [denied(false), 'denied_policy'],
      [
        { is: 'needsApproval', callId: 'c1', approvalId: 'a1', expiresAt: '2026-01-01T00:00:00.000Z' },
        'needs_approval',
      ],
    ]
    for (const [answer, outcome] of bad) {
      const result = resultOf(answer, tool, false, true)
      assert.equal(result.isError, true)
      const asked = answer.is === 'needsApproval' ? { 'castellan/approvalId': 'a1' } : {}
      assert.deepEqual(result._meta, { 'castellan/outcome': outcome, 'castellan/callId': 'c1', ...asked })
      const { code, data } = thrown(() => resultOf(answer, resource, false, false))
      assert.deepEqual({ code, data }, { code: -32000, data: result._meta })
    }
  })

  test('says where the arguments do not fit, ten places at most', () => {
    const violations = Array.from({ length: 20 }, (_, index) => ({ at: index ? `/${index}` : '', message: 'is bad' }))
    const answer: Answer = { ...denied(false), code: 'denied_schema', violations }
    const { content } = resultOf(answer, tool, false, false) as { content: readonly { text: string }[] }
    assert.equal(content[0]?.text.match(/\n- /g)?.length, 10)
    assert.match(content[0]?.text ?? '', /\n- arguments: is bad\n- \/1: is bad/)
  })

  test('to a dry run is an error only for a tool that promised structured output', () => {
    const answer: Answer = { is: 'dryRun', callId: 'c1' }
    assert.equal(resultOf(answer, tool, false, false).isError, false)
    assert.equal(resultOf(answer, tool, false, true).isError, true)
  })

  test('is the same for what is unknown and for what is not granted, and names only what was asked', () => {
    const { code, message, data } = thrown(() => resultOf(denied(true), tool, false, false))
    assert.deepEqual({ code, message, data }, { code: -32602, message: 'Unknown tool: files__read', data: undefined })
    const unknown = (legacy: boolean) => thrown(() => resultOf(denied(true), resource, legacy, false))
    assert.deepEqual([unknown(true).code, unknown(false).code], [-32002, -32602])
    const completion = thrown(() => resultOf(denied(true), { use: 'completion', name: 'x' }, false, false))
    assert.equal(completion.message, 'Unknown reference: x')
  })

  test('repeats a little of a long name, and never half a character', () => {
    const name = `${'x'.repeat(199)}😀${'y'.repeat(1_000_000)}`
    const { message } = thrown(() => resultOf(denied(true), { use: 'tool', name }, false, false))
    assert.ok(message.length < 250 && message.isWellFormed(), message)
  })
})

function ended(outcome: Outcome): Answer {
  return { is: 'outcome', callId: 'c1', outcome, replayOf: null }
}

function denied(unknown: boolean) {
  const message = 'The call was refused by policy.'
  return {
    is: 'denied',
    callId: 'c1',
    code: 'denied_policy',
    message,
    unknown,
    violations: [],
  } as const satisfies Answer
}

function thrown(work: () => unknown): RpcError {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error))
    return error
  }
  return assert.fail('nothing was thrown')
}
