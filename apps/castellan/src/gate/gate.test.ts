import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { openGate } from './fixtures/open-gate.ts'

const echo = {
  name: 'echo',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
}

describe('a call that is allowed', () => {
  test('runs with the very arguments that were judged, and is journaled before and after', async () => {
    await using gate = await openGate({ tools: [echo] })
    const answer = await gate.call('files__echo', { text: 'hello' })
    assert.equal(answer.is === 'outcome' && answer.outcome.is, 'ok')
    assert.deepEqual(gate.seen[0]?.call.args, { text: 'hello' })
    assert.ok(Object.isFrozen(gate.seen[0]?.call.args))
    const entries = await gate.entriesOf(answer.callId)
    assert.deepEqual(
      entries.map(entry => entry.type),
      ['call.intended', 'call.ended'],
    )
    assert.equal(entries[1]?.data.outcome, 'ok')
  })

  test('is judged on arguments the caller can no longer change', async () => {
    await using gate = await openGate({ tools: [echo] })
    const args = { text: 'hello' }
    const asking = gate.call('files__echo', args)
    args.text = 'changed'
    await asking
    assert.deepEqual(gate.seen[0]?.call.args, { text: 'hello' })
  })

  test('has its intent on disk before anything is sent', async () => {
    await using gate = await openGate({ tools: [echo] })
    let journaled: readonly string[] = []
    gate.onCall = async ({ call }) => {
      journaled = (await gate.entriesOf(call.id)).map(entry => entry.type)
      return { is: 'result', result: {} }
    }
    await gate.call('files__echo', { text: 'x' })
    assert.deepEqual(journaled, ['call.intended'])
  })

  test('leaves nothing of its arguments in the journal', async () => {
    await using gate = await openGate({ tools: [echo] })
    const answer = await gate.call('files__echo', { text: 'a very private sentence' })
    assert.doesNotMatch(JSON.stringify(await gate.entriesOf(answer.callId)), /private sentence/)
  })
})

describe('a call that is refused', () => {
  test('for its arguments says what to mend, and nothing is sent', async () => {
    await using gate = await openGate({ tools: [echo] })
    const answer = await gate.call('files__echo', { text: 1 })
    assert.deepEqual([answer.is, answer.is === 'denied' && answer.code], ['denied', 'denied_schema'])
    assert.equal(answer.is === 'denied' && answer.violations[0]?.at, '/text')
    assert.equal(gate.seen.length, 0)
    assert.equal((await gate.entriesOf(answer.callId))[0]?.data.guard, 'schema')
  })

  test('for something not granted looks exactly like one for something that does not exist', async () => {
    await using gate = await openGate({ tools: [echo, { name: 'hidden' }], grants: ['echo'] })
    const hidden = await gate.call('files__hidden', {})
    const missing = await gate.call('files__missing', {})
    assert.deepEqual({ ...hidden, callId: '' }, { ...missing, callId: '' })
  })

  test('under a name that is no proper text is refused and journaled like any other', async () => {
    await using gate = await openGate({ tools: [echo] })
    for (const name of ['\ud800', 'a\u0000b', `${'x'.repeat(199)}😀`]) {
      const answer = await gate.call(name, {})
      assert.equal(answer.is === 'denied' && answer.unknown, true)
      assert.equal((await gate.entriesOf(answer.callId)).length, 1)
    }
  })

  test('by policy tells the caller no reason, and the journal which policy', async () => {
    await using gate = await openGate({ tools: [echo], roles: ['member'] })
    const answer = await gate.call('files__echo', { text: 'x' })
    assert.equal(answer.is === 'denied' && answer.message, 'The call was refused by policy.')
    const [entry] = await gate.entriesOf(answer.callId)
    assert.deepEqual([entry?.type, entry?.data.outcome, entry?.data.guard], ['call.denied', 'denied_policy', 'policy'])
    assert.ok(Array.isArray(entry?.data.policy))
  })

  test('because the policy engine failed is a denial, not an error', async () => {
    await using gate = await openGate({ tools: [echo], brokenEngine: true })
    const answer = await gate.call('files__echo', { text: 'x' })
    assert.equal(answer.is === 'denied' && answer.code, 'denied_policy')
    assert.equal(gate.seen.length, 0)
    assert.equal(gate.bugs.length, 1)
  })

  test('with expired credentials is denied_identity', async () => {
    await using gate = await openGate({ tools: [echo], expiresAt: '2000-01-01T00:00:00.000Z' })
    const answer = await gate.call('files__echo', { text: 'x' })
    assert.equal(answer.is === 'denied' && answer.code, 'denied_identity')
  })

  test('by nobody is journaled all the same', async () => {
    await using gate = await openGate({ tools: [echo] })
    const answer = await gate.call('files__echo', {}, { identity: null })
    assert.equal(answer.is === 'denied' && answer.code, 'denied_identity')
    const [entry] = await gate.entriesOf(answer.callId, 'nobody')
    assert.equal(entry?.principal, 'anonymous')
  })

  for (const [what, args] of [
    ['a lone surrogate', { text: '\ud800' }],
    ['an integer that loses digits', { text: 'x', n: 2 ** 60 }],
    ['nesting without end', { text: 'x', deep: nested(5_000) }],
    ['an array', [1]],
    ['a text', 'text'],
    ['null', null],
  ] as const) {
    test(`with ${what} for arguments is denied_schema`, async () => {
      await using gate = await openGate({ tools: [echo] })
      const answer = await gate.call('files__echo', args)
      assert.equal(answer.is === 'denied' && answer.code, 'denied_schema')
      assert.equal(gate.seen.length, 0)
    })
  }
})

describe('a dry run', () => {
  test('is judged like a call and sends nothing', async () => {
    await using gate = await openGate({ tools: [echo] })
    const answer = await gate.call('files__echo', { text: 'x' }, { context: { dryRun: true } })
    assert.equal(answer.is, 'dryRun')
    assert.equal(gate.seen.length, 0)
    assert.equal((await gate.entriesOf(answer.callId))[0]?.type, 'call.dry_run')
  })

  test('is refused where the call would be', async () => {
    await using gate = await openGate({ tools: [echo], roles: ['member'] })
    const answer = await gate.call('files__echo', { text: 'x' }, { context: { dryRun: true } })
    assert.equal(answer.is, 'denied')
  })
})

describe('an idempotency key', () => {
  const key = { context: { idempotencyKey: 'k1' } }

  test('answers a call that was already made, without sending it again', async () => {
    await using gate = await openGate({ tools: [echo] })
    const first = await gate.call('files__echo', { text: 'x' }, key)
    const second = await gate.call('files__echo', { text: 'x' }, key)
    assert.equal(gate.seen.length, 1)
    assert.equal(second.is === 'outcome' && second.replayOf, first.callId)
    assert.deepEqual(second.is === 'outcome' && second.outcome, first.is === 'outcome' && first.outcome)
  })

  test('replays that an outcome is not known', async () => {
    await using gate = await openGate({ tools: [echo] })
    gate.onCall = () => ({ is: 'broken', sent: true, retryable: true, retryAfter: null, why: 'reset' })
    await gate.call('files__echo', { text: 'x' }, key)
    const second = await gate.call('files__echo', { text: 'x' }, key)
    assert.equal(second.is === 'outcome' && second.outcome.is, 'indeterminate')
    assert.equal(gate.seen.length, 1)
  })

  test('cannot stand for other arguments', async () => {
    await using gate = await openGate({ tools: [echo] })
    await gate.call('files__echo', { text: 'x' }, key)
    await assert.rejects(gate.call('files__echo', { text: 'y' }, key), { code: 'IDEMPOTENCY_MISMATCH' })
    assert.equal(gate.seen.length, 1)
  })

  test('lets one of two calls at the same time through', async () => {
    await using gate = await openGate({ tools: [echo] })
    const both = await Promise.allSettled([
      gate.call('files__echo', { text: 'x' }, key),
      gate.call('files__echo', { text: 'x' }, key),
    ])
    assert.equal(gate.seen.length, 1)
    assert.deepEqual(both.map(each => each.status).toSorted(), ['fulfilled', 'rejected'])
  })

  for (const [what, reply, effect] of [
    ['that was never sent', { sent: false }, 'unsafe'],
    ['that may be repeated and broke', { sent: true }, 'idempotent'],
  ] as const) {
    test(`of a call ${what} may be used again`, async () => {
      await using gate = await openGate({ tools: [echo], effect })
      gate.onCall = () => ({ is: 'broken', retryable: false, retryAfter: null, why: 'refused', ...reply })
      await gate.call('files__echo', { text: 'x' }, key)
      gate.onCall = () => ({ is: 'result', result: {} })
      const second = await gate.call('files__echo', { text: 'x' }, key)
      assert.deepEqual([second.is === 'outcome' && second.outcome.is, gate.seen.length], ['ok', 2])
    })
  }

  test('of a refused call may be used again', async () => {
    await using gate = await openGate({ tools: [echo] })
    await gate.rules.putLimits({ ...gate.noLimits, block: ['files/echo'] }, gate.actor)
    assert.equal((await gate.call('files__echo', { text: 'x' }, key)).is, 'denied')
    await gate.rules.removeLimits(gate.noLimits.name, gate.actor)
    assert.equal((await gate.call('files__echo', { text: 'x' }, key)).is, 'outcome')
  })
})

describe('limits', () => {
  const cases = [
    ['a blocked tool', { block: ['files/ec*'] }, 0],
    ['a tool that is not on the allow list', { allow: ['other/*'] }, 0],
    ['a tool that may reach the network', { noNetwork: true }, 0],
    ['more steps than a session has', { maxSteps: 2 }, 2],
    ['more calls than a principal has', { perPrincipal: { calls: 2, per: 3_600_000 } }, 2],
    ['more calls than a tool has', { perTool: { calls: 2, per: 3_600_000 } }, 2],
  ] as const
  for (const [what, limits, passing] of cases) {
    test(`refuse ${what}`, async () => {
      await using gate = await openGate({ tools: [echo] })
      await gate.rules.putLimits({ ...gate.noLimits, ...limits }, gate.actor)
      const answers = []
      for (let index = 0; index < 3; index++) {
        answers.push(await gate.call('files__echo', { text: 'x' }, { context: { sessionId: 's1' } }))
      }
      assert.equal(answers.filter(answer => answer.is === 'outcome').length, passing)
      assert.equal(answers.findLast(answer => answer.is === 'denied')?.code, 'denied_limit')
    })
  }

  test('may turn every call into a dry run', async () => {
    await using gate = await openGate({ tools: [echo] })
    await gate.rules.putLimits({ ...gate.noLimits, dryRun: true }, gate.actor)
    assert.equal((await gate.call('files__echo', { text: 'x' })).is, 'dryRun')
  })
})

describe('the journal', () => {
  test('that cannot be written keeps an effect from being sent', async () => {
    await using gate = await openGate({ tools: [echo] })
    gate.failWrites = true
    await assert.rejects(gate.call('files__echo', { text: 'x' }), { code: 'STORE_UNAVAILABLE' })
    assert.equal(gate.seen.length, 0)
  })

  test('that fails after a read keeps its lines and lets nothing more in until they are written', async () => {
    await using gate = await openGate({ tools: [echo], effect: 'read' })
    gate.failWrites = true
    const answer = await gate.call('files__echo', { text: 'x' })
    assert.equal(answer.is, 'outcome')
    await gate.late.flush()
    await assert.rejects(gate.call('files__echo', { text: 'x' }), { code: 'STORE_UNAVAILABLE' })
    gate.failWrites = false
    await gate.late.flush()
    assert.equal((await gate.entriesOf(answer.callId)).length, 2)
    assert.equal((await gate.call('files__echo', { text: 'x' })).is, 'outcome')
  })

  test('that fails after an effect does not hide its outcome, and has it later', async () => {
    await using gate = await openGate({ tools: [echo] })
    gate.onCall = () => {
      gate.failWrites = true
      return { is: 'result', result: { content: [] } }
    }
    const answer = await gate.call('files__echo', { text: 'x' })
    assert.equal(answer.is === 'outcome' && answer.outcome.is, 'ok')
    gate.failWrites = false
    await gate.late.flush()
    assert.equal((await gate.entriesOf(answer.callId))[1]?.data.outcome, 'ok')
  })
})

describe('after a crash', () => {
  for (const [effect, outcome] of [
    ['unsafe', 'indeterminate'],
    ['idempotent', 'indeterminate'],
  ] as const) {
    test(`a call that was ${effect} and under way is ${outcome}`, async () => {
      await using gate = await openGate({ tools: [echo], effect })
      let underWay = ''
      gate.onCall = async ({ call }) => {
        underWay = call.id
        await gate.sweep()
        return { is: 'result', result: {} }
      }
      await gate.call('files__echo', { text: 'x' }).catch(() => undefined)
      const [, ended] = await gate.entriesOf(underWay)
      assert.deepEqual([ended?.data.outcome, ended?.data.swept], [outcome, true])
    })
  }
})

describe('a process that stood still', () => {
  test('tells its caller how the call ended, and the journal has both', async () => {
    await using gate = await openGate({ tools: [echo] })
    gate.onCall = async () => {
      // Others take it for gone meanwhile.
      assert.equal(await gate.sweep(), 1)
      return { is: 'result', result: { content: [] } }
    }
    const answer = await gate.call('files__echo', { text: 'hello' })
    assert.equal(answer.is === 'outcome' && answer.outcome.is, 'ok')
    await gate.late.flush()
    const entries = await gate.entriesOf(answer.callId)
    assert.deepEqual(
      entries.map(({ type, data }) => [type, data['outcome']]),
      [
        ['call.intended', undefined],
        ['call.ended', 'indeterminate'],
        ['call.ended_late', 'ok'],
      ],
    )
  })
})

describe('stopping', () => {
  test('lets the calls inside finish and nobody else in', async () => {
    await using gate = await openGate({ tools: [echo] })
    const { promise: go, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: inside, resolve: entered } = Promise.withResolvers<void>()
    gate.onCall = async () => {
      entered()
      await go
      return { is: 'result', result: {} }
    }
    const calling = gate.call('files__echo', { text: 'x' })
    await inside
    const draining = gate.gate.drain(new AbortController().signal)
    await assert.rejects(gate.call('files__echo', { text: 'x' }), { code: 'SHUTTING_DOWN' })
    letGo()
    await draining
    assert.equal((await calling).is, 'outcome')
  })

  for (const [effect, outcome] of [
    ['unsafe', 'indeterminate'],
    ['read', 'cancelled'],
  ] as const) {
    test(`breaks off a call that is ${effect} and takes longer, which is ${outcome} to whoever waits`, async () => {
      await using gate = await openGate({ tools: [echo], effect })
      const { promise: inside, resolve: entered } = Promise.withResolvers<void>()
      gate.onCall = async (_allowed, { signal }) => {
        entered()
        await once(signal, 'abort')
        return { is: 'broken', sent: true, retryable: false, retryAfter: null, why: 'given up' }
      }
      const calling = gate.call('files__echo', { text: 'x' })
      await inside

      await gate.gate.drain(AbortSignal.abort())

      const answer = await calling
      assert.equal(answer.is === 'outcome' && answer.outcome.is, outcome)
    })
  }
})

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
