import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, stdioServer, until } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'

interface Recorded {
  readonly id: string
  readonly outcome: string | null
  readonly state: string
}

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('POST', '/api/mcp-servers', stdioServer('everything'))
})
after(() => castellan[Symbol.asyncDispose]())

const slow = { name: 'everything__trigger-long-running-operation', args: { duration: 30, steps: 30 } }

/** The calls of one thread, which a correlation id names. */
async function callsOf(thread: string): Promise<Recorded[]> {
  const { items } = await castellan.ask<{ items: Recorded[] }>('GET', `/api/calls?correlation_id=${thread}`)
  return items
}

async function underWay(): Promise<number> {
  const { text } = await ask(castellan, 'GET', '/metrics')
  return Number(/^castellan_calls_under_way (\d+)$/m.exec(text)?.[1])
}

describe('a call over REST', () => {
  test('answers with the result, and its record with what the journal has of it', async () => {
    const body = { name: 'everything__echo', args: { message: 'hi' } }
    const { text } = await ask(castellan, 'POST', '/api/calls', { body, headers: { 'x-correlation-id': 'echo' } })
    const answer = JSON.parse(text)
    assert.equal(answer.outcome, 'ok')
    assert.equal(answer.result.content[0].text, 'Echo: hi')
    // What only reads is written behind, so the record may come a moment after the answer.
    const path = `/api/calls/${answer.call_id}`
    const { text: record } = await until(
      'the record',
      () => ask(castellan, 'GET', path),
      ({ status }) => status === 200,
    )
    const detail = JSON.parse(record) as { entries: { correlationid: string }[] }
    assert.ok(detail.entries.length > 0)
    assert.ok(detail.entries.every(({ correlationid }) => correlationid === 'echo'))
  })

  test('is cancelled when the client leaves before its answer', async () => {
    const leaving = new AbortController()
    const asked = fetch(`${castellan.url}/api/calls`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${castellan.key}`,
        'content-type': 'application/json',
        'x-correlation-id': 'left',
      },
      body: JSON.stringify(slow),
      signal: leaving.signal,
    })
    await until('the call', underWay, count => count === 1)
    leaving.abort()
    await assert.rejects(asked)
    const [call] = await until(
      'the end',
      () => callsOf('left'),
      calls => calls[0]?.state === 'ended',
    )
    assert.ok(['cancelled', 'indeterminate'].includes(call!.outcome!), call!.outcome!)
  })

  test('is cancelled when the patience it came with is over', async () => {
    const { text } = await ask(castellan, 'POST', '/api/calls', { body: { ...slow, timeout: '300ms' } })
    assert.ok(['cancelled', 'timeout', 'indeterminate'].includes(JSON.parse(text).outcome), text)
  })

  test('is not touched by a connection that closes after the answer', async () => {
    const body = { name: 'everything__echo', args: { message: 'x' } }
    for (let count = 0; count < 5; count++) {
      const headers = { connection: 'close', 'x-correlation-id': 'closing' }
      assert.equal((await ask(castellan, 'POST', '/api/calls', { body, headers })).status, 200)
    }
    const calls = await until(
      'the records',
      () => callsOf('closing'),
      found => found.length === 5,
    )
    assert.deepEqual(
      calls.map(({ outcome }) => outcome),
      Array(5).fill('ok'),
    )
  })

  test('that is refused is a problem with the code of the refusal and the id of the call', async () => {
    const wrong = { name: 'everything__echo', args: { message: 5 } }
    const { status, text } = await ask(castellan, 'POST', '/api/calls', { body: wrong })
    const problem = JSON.parse(text)
    assert.deepEqual([status, problem.code], [400, 'denied_schema'])
    assert.match(problem.call_id, /^[0-9a-f-]{36}$/)
    assert.equal(problem.errors[0].at, '/message')
  })
})

test('lists are paged without a gap or a repetition', async () => {
  for (let count = 0; count < 7; count++) {
    await castellan.ask('PUT', `/api/limits/n${count}`, {})
    await ask(castellan, 'POST', '/api/calls', {
      // With a key it is on disk when it is answered; a plain read would be written a moment later.
      body: { name: 'everything__echo', args: { message: 'x' }, idempotency_key: `page-${count}` },
      headers: { 'x-correlation-id': 'pages' },
    })
  }
  for (const path of [
    '/api/limits?',
    '/api/calls?correlation_id=pages&',
    '/api/journal?topic=policy.limits_created&',
  ]) {
    const seen: string[] = []
    for (let after: string | null = ''; after !== null;) {
      const page: { items: { id: string }[]; next: string | null } = await castellan.ask(
        'GET',
        `${path}limit=3${after}`,
      )
      seen.push(...page.items.map(({ id }) => id))
      after = page.next === null ? null : `&after=${encodeURIComponent(page.next)}`
    }
    assert.equal(seen.length, 7, path)
    assert.equal(new Set(seen).size, 7)
  }
})

test('a server that is renamed to a name in use is refused, and a change of what is no longer there is, too', async () => {
  const idle = { transport: 'stdio', command: 'true', allow_unhealthy: true }
  await castellan.ask('POST', '/api/mcp-servers', { ...idle, name: 'one' })
  await castellan.ask('POST', '/api/mcp-servers', { ...idle, name: 'two' })
  const taken = await castellan.ask('PUT', '/api/mcp-servers/two', { ...idle, name: 'one' }, 409)
  assert.equal(taken.code, 'NAME_TAKEN')
  const stale = await castellan.ask('PUT', '/api/mcp-servers/two', { ...idle, name: 'two', version: 7 }, 409)
  assert.equal(stale.code, 'VERSION_CONFLICT')
})
