import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Decision } from '../../gate/index.ts'
import { answer, type Behaviour, drip, type FakeOpa, fakeOpa, raw, result } from './fixtures/fake-opa.ts'
import { type OpaOptions, opaPolicyEngine } from './opa-policy-engine.ts'
import { probeInput } from './probe-input.ts'

const TIMEOUT = 1_000
/** Milliseconds that a busy machine may add. */
const SLACK = 10_000

const faults: Readonly<Record<string, { readonly behave: Behaviour; readonly why: RegExp; readonly silent?: true }>> = {
  'never answers': { behave: () => undefined, why: /no answer within 1s/, silent: true },
  'drips its answer': { behave: drip, why: /no answer within 1s/, silent: true },
  'closes the connection at once': { behave: socket => socket.destroy(), why: /connection was lost/, silent: true },
  'resets the connection': { behave: socket => socket.resetAndDestroy(), why: /connection was lost/, silent: true },
  'closes in the middle of its answer': {
    behave: raw('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"result": true'),
    why: /connection was lost/,
    silent: true,
  },
  'is behind a proxy that cannot reach it': { behave: answer(502, '{}'), why: /502/, silent: true },
  'has no time': { behave: answer(503, '{}'), why: /503/, silent: true },
  'speaks something else': {
    behave: raw('SSH-2.0-OpenSSH_9.2\r\n'),
    why: /its answer is not HTTP/,
    silent: true,
  },
  'answers an empty body': { behave: answer(200, ''), why: /not a JSON object/ },
  'answers garbage': { behave: answer(200, '<html>true</html>', 'text/html'), why: /not a JSON object/ },
  'answers a list': { behave: answer(200, '[true]'), why: /not a JSON object/ },
  'answers half of a JSON': { behave: answer(200, '{"result": true'), why: /not a JSON object/ },
  'answers true and nothing around it': { behave: answer(200, 'true'), why: /not a JSON object/ },
  'answers without end': { behave: answer(200, `{"result": true, "x": "${'x'.repeat(2_000_000)}"}`), why: /too large/ },
  'has no such decision': { behave: answer(200, '{}'), why: /no decision under this path/ },
  'answers 400': { behave: answer(400, '{"result": true}'), why: /400 Bad Request/ },
  'answers 404': { behave: answer(404, '{"result": true}'), why: /404 Not Found/ },
  'wants a token': { behave: answer(401, '{"result": true}'), why: /does not let us ask: HTTP 401/ },
  'answers 500': { behave: answer(500, '{"result": true}'), why: /500 Internal Server Error/ },
  'sends us elsewhere': {
    behave: raw('HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'),
    why: /307/,
  },
  'says null': { behave: result(null), why: /neither true, false nor an object/ },
  'says "true" as a text': { behave: result('true'), why: /neither true, false nor an object/ },
  'says 1': { behave: result(1), why: /neither true, false nor an object/ },
  'says a set of things': { behave: result([true]), why: /neither true, false nor an object/ },
  'says nothing about allow': { behave: result({ allowed: true }), why: /"allow" is neither true nor false/ },
  'says allow is "true"': { behave: result({ allow: 'true' }), why: /"allow" is neither true nor false/ },
  'gives a reason that is no text': { behave: result({ allow: true, reasons: [1] }), why: /"reasons" is not a list/ },
  'demands what nobody knows': {
    behave: result({ allow: true, obligations: { notify: true } }),
    why: /demands "notify", which nobody here can do/,
  },
  'demands what nobody knows, and it is false': {
    behave: result({ allow: true, obligations: { notify: false } }),
    why: /demands "notify"/,
  },
  'demands something in an unknown way': {
    behave: result({ allow: true, obligations: { dry_run: 'yes' } }),
    why: /"dry_run" is neither true nor false/,
  },
  'demands a list': {
    behave: result({ allow: true, obligations: ['dry_run'] }),
    why: /"obligations" is not an object/,
  },
}

describe('an OPA that', () => {
  for (const [what, { behave, why, silent }] of Object.entries(faults)) {
    test(`${what} denies in time, and decides again once it is well`, async () => {
      await using opa = await fakeOpa(behave)
      await withEngine(opa, {}, async decide => {
        const started = performance.now()
        const denied = await Promise.all(Array.from({ length: 20 }, decide))
        assert.ok(performance.now() - started < TIMEOUT + SLACK)
        for (const decision of denied) {
          assert.deepEqual([decision.allow, decision.reasons.length], [false, 1])
          assert.match(decision.reasons[0]!, why)
        }
        opa.behave = result(true)
        assert.deepEqual((await decide()).allow, true)
      })
    })

    test(`${what} ${silent ? 'allows' : 'denies all the same'} where the operator wants it to fail open`, async () => {
      await using opa = await fakeOpa(behave)
      await withEngine(opa, { failOpen: true }, async decide => {
        const decision = await decide()
        assert.equal(decision.allow, silent === true)
        assert.match(decision.reasons.join(), why)
        assert.equal(decision.reasons.join().startsWith('opa-fail-open: '), silent === true)
      })
    })
  }
})

test('an OPA that is broken in every way at once lets not one of a thousand calls through', async () => {
  const ways = Object.values(faults).map(({ behave }) => behave)
  let turn = 0
  await using opa = await fakeOpa(socket => ways[turn++ % ways.length]!(socket))
  await withEngine(opa, {}, async decide => {
    let longest = 0
    const asking = Array.from({ length: 25 }, async () => {
      for (let count = 0; count < 40; count++) {
        const started = performance.now()
        assert.equal((await decide()).allow, false)
        longest = Math.max(longest, performance.now() - started)
      }
    })
    await Promise.all(asking)
    assert.ok(turn >= 1_000)
    assert.ok(longest < TIMEOUT + SLACK, `${longest} ms`)
    opa.behave = result(true)
    assert.equal((await decide()).allow, true)
  })
})

describe('what OPA decides', () => {
  const decided = async (behave: Behaviour) => {
    await using opa = await fakeOpa(behave)
    return await withEngine(opa, {}, decide => decide())
  }

  test('is true or false, or an object that says why', async () => {
    assert.deepEqual(await decided(result(true)), { allow: true, reasons: [], policyDigest: 'none' })
    assert.deepEqual(await decided(result(false)), { allow: false, reasons: [], policyDigest: 'none' })
    assert.deepEqual(await decided(result({ allow: false, reasons: ['too late'], other: 7 })), {
      allow: false,
      reasons: ['too late'],
      policyDigest: 'none',
    })
  })

  test('bears its own id and the revision of its bundles', async () => {
    const one = { decision_id: 'd1', provenance: { version: '1.4.2', bundles: { main: { revision: 'r7' } } } }
    const { decisionId, revision } = await decided(result(true, one))
    assert.deepEqual([decisionId, revision], ['d1', 'r7'])
    const two = { provenance: { bundles: { a: { revision: '1' }, b: { revision: '2' }, c: {} } } }
    assert.equal((await decided(result(true, two))).revision, 'a=1 b=2')
    assert.equal((await decided(result(true, { provenance: { revision: 'old' } }))).revision, 'old')
    assert.equal((await decided(result(true, { provenance: { bundles: 'x' } }))).revision, undefined)
  })

  test('may demand something, which is carried along', async () => {
    const decision = await decided(result({ allow: true, obligations: { dry_run: true, redact: false } }))
    assert.deepEqual(decision.obligations, { requireApproval: false, redact: false, dryRun: true })
    const nothing = await decided(result({ allow: true, obligations: { dry_run: false } }))
    assert.equal('obligations' in nothing, false)
  })

  test('is kept short, since the journal keeps it for ever', async () => {
    const reasons = Array.from({ length: 1_000 }, (_, index) => `${index}\n${'x'.repeat(1_000)}`)
    const { reasons: kept } = await decided(result({ allow: false, reasons }))
    assert.equal(kept.length, 20)
    assert.ok(kept.every(reason => reason.length <= 301 && !reason.includes('\n')))
  })
})

describe('a question to OPA', () => {
  test('goes to the path of the tenant, whatever the tenant is called', async () => {
    await using opa = await fakeOpa(result(true))
    const engine = engineOf(opa, { path: 't/{tenant}/allow' })
    const lines = ['acme', 'a/b', 'ä ?#', '..', '.', ''].map(async tenant => {
      const { allow, reasons } = await engine.decide(probeInput(tenant), neverAborted)
      return [allow, reasons.join()] as const
    })
    const decisions = await Promise.all(lines)
    await engine.close()
    assert.deepEqual(
      decisions.map(([allow]) => allow),
      [true, true, true, false, false, false],
    )
    assert.match(decisions[3]![1], /cannot stand in a path/)
    assert.deepEqual(opa.asked.map(each => each.split(' ')[1]).toSorted(), [
      '/v1/data/t/%C3%A4%20%3F%23/allow?provenance=true',
      '/v1/data/t/a%2Fb/allow?provenance=true',
      '/v1/data/t/acme/allow?provenance=true',
    ])
  })

  test('keeps its connection for the next one', async () => {
    await using opa = await fakeOpa(result(true))
    await withEngine(opa, {}, async decide => {
      for (let count = 0; count < 50; count++) await decide()
      assert.ok(opa.connections() <= 2, 'as one ends, the next may already have begun')
    })
  })

  test('shows the token, and asks for it again when it was refused', async () => {
    await using opa = await fakeOpa(socket => {
      const good = opa.asked.at(-1)!.includes('authorization: Bearer new')
      ;(good ? result(true) : answer(401, '{}'))(socket)
    })
    const tokens = ['old\n', 'new\n']
    let handed = 0
    const token = async () => tokens[Math.min(handed++, 1)]!
    await withEngine(opa, { token }, async decide => {
      assert.equal((await decide()).allow, false)
      assert.equal((await decide()).allow, true)
      assert.equal((await decide()).allow, true)
      assert.equal(handed, 2)
    })
  })

  test('without a token that can be had denies, whatever the operator says', async () => {
    await using opa = await fakeOpa(result(true))
    for (const token of [
      () => Promise.reject(new Error('sealed under another key')),
      () => new Promise<string>(() => undefined),
      async () => 'a\u0000b',
    ]) {
      await withEngine(opa, { token, failOpen: true }, async decide => {
        const { allow, reasons } = await decide()
        assert.equal(allow, false)
        assert.match(reasons.join(), /the token for it c/)
      })
    }
    assert.deepEqual(opa.asked, [])
  })

  test('that nobody waits for any more is denied at once, and never fails open', async () => {
    await using opa = await fakeOpa(() => undefined)
    const engine = engineOf(opa, { failOpen: true, timeout: 60_000 })
    const giveUp = new AbortController()
    const decision = engine.decide(probeInput('default'), giveUp.signal)
    giveUp.abort()
    assert.deepEqual((await decision).reasons, ['the call was cancelled before it was decided'])
    await engine.close()
  })

  test('of an engine that is closed is denied, before and while it is asked, and never fails open', async () => {
    await using opa = await fakeOpa(() => undefined)
    const engine = engineOf(opa, { failOpen: true, timeout: 60_000 })
    const waiting = engine.decide(probeInput('default'), neverAborted)
    while (opa.asked.length === 0) await new Promise(resolve => setImmediate(resolve))
    await engine.close()
    await engine.close()
    assert.equal((await waiting).allow, false)
    assert.equal((await engine.decide(probeInput('default'), neverAborted)).allow, false)
  })
})

test('trouble is what keeps OPA from deciding, and a no is none', async () => {
  await using opa = await fakeOpa(result(false))
  const engine = engineOf(opa, {})
  assert.equal(await engine.trouble('default', neverAborted), null)
  opa.behave = answer(200, '{}')
  assert.equal(await engine.trouble('default', neverAborted), 'it has no decision under this path')
  await engine.close()
})

const neverAborted = new AbortController().signal

function engineOf({ url }: FakeOpa, options: Partial<OpaOptions>) {
  return opaPolicyEngine({ url, path: 'castellan', timeout: TIMEOUT, failOpen: false, ...options })
}

/** Runs something with an engine, and sees afterwards that closing it leaves no connection. */
async function withEngine<T>(
  opa: FakeOpa,
  options: Partial<OpaOptions>,
  use: (decide: () => Promise<Decision>) => Promise<T>,
): Promise<T> {
  const engine = engineOf(opa, options)
  try {
    return await use(() => engine.decide(probeInput('default'), neverAborted))
  } finally {
    await engine.close()
    while (opa.connections() > 0) await new Promise(resolve => setImmediate(resolve))
  }
}
