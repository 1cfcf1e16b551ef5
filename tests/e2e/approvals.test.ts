import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import type { Approval, ApprovalDetail, CallAnswer, JournalEvent, List, Problem } from '@castellan/contracts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { ask } from '../../apps/castellan/src/api/rest/fixtures/asking.ts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { callTool, connect, revisions } from '../support/mcp-client.ts'
import { envelope, speaker } from '../support/raw-mcp.ts'

const policy = `@id("write") @require_approval("lines are for ever")
permit (principal, action, resource == Capability::"ledger/add");
@id("look") permit (principal, action, resource == Capability::"ledger/look");`
const grant = { to: { role: 'member' }, server: 'ledger', primitive_type: 'tool', name: '*' }

let castellan: ControlPlane
let agent: Awaited<ReturnType<typeof hire>>
let olga: Awaited<ReturnType<typeof hire>>
let ledger: string

before(async () => {
  castellan = await controlPlane()
  ledger = join(castellan.folder, 'ledger')
  await castellan.ask('POST', '/api/mcp-servers', ledgerServer(ledger))
  await castellan.ask('POST', '/api/grants', grant)
  await castellan.ask('PUT', '/api/policies', { files: { 'house.cedar': policy } })
  agent = await hire(castellan, { scopes: ['mcp', 'read'] })
  olga = await hire(castellan, { roles: ['operator'] })
})
after(() => castellan[Symbol.asyncDispose]())

describe('over REST', () => {
  test('a call is asked for, given, and made once; a replayed approval is stopped', async () => {
    const parked = await add('rest-1')
    assert.equal(parked.outcome, 'needs_approval')
    assert.match(parked.message!, new RegExp(`approval ${parked.approval_id}`))
    assert.equal((await add('rest-1')).approval_id, parked.approval_id)

    const { items } = await as<List<Approval>>(olga.key, 'GET', '/api/approvals?state=pending')
    const [waiting] = items
    assert.deepEqual(
      [waiting?.id, waiting?.requested_by.id, waiting?.server, waiting?.capability, waiting?.effect, waiting?.reasons],
      [parked.approval_id, agent.id, 'ledger', 'add', 'unsafe', ['lines are for ever (house.cedar#write)']],
    )
    const given = await as<Approval>(olga.key, 'POST', `/api/approvals/${parked.approval_id}/approve`, {
      reason: 'fine',
    })
    assert.deepEqual([given.state, given.decisions[0]?.by, given.decisions[0]?.reason], ['approved', olga.id, 'fine'])

    assert.equal((await add('rest-1')).outcome, 'ok')
    const again = await add('rest-1')
    assert.equal(again.outcome, 'needs_approval')
    assert.notEqual(again.approval_id, parked.approval_id)
    assert.equal(times('rest-1'), 1)
    await as(olga.key, 'POST', `/api/approvals/${parked.approval_id}/approve`, undefined, 409)

    const story = await castellan.ask<List<JournalEvent>>('GET', `/api/journal?stream=approval:${parked.approval_id}`)
    assert.deepEqual(
      story.items.map(({ type, principal }) => [type, principal]),
      [
        ['approval.requested', agent.id],
        ['approval.approved', olga.id],
        ['approval.used', agent.id],
      ],
    )
  })

  test('whoever decides sees the arguments without secrets; others see them without personal data, too', async () => {
    // Otherwise a call with a secret never gets so far.
    await castellan.ask('PUT', '/api/guardrails', { thresholds: { secrets: null } })
    const id = 'pay ann@example.com with sk_live_4eC39HqLyjWDarjtT1zdp7dcQwErTy'
    const parked = await add(id)
    const path = `/api/approvals/${parked.approval_id}`
    const { arguments: decider } = await as<ApprovalDetail>(olga.key, 'GET', path)
    assert.match(decider, /ann@example\.com/)
    assert.doesNotMatch(decider, /sk_live/)
    const { arguments: requester } = await as<ApprovalDetail>(agent.key, 'GET', path)
    assert.doesNotMatch(requester, /ann@example\.com|sk_live/)
    assert.doesNotMatch(JSON.stringify(await castellan.ask('GET', '/api/journal?limit=500')), /ann@example\.com/)
  })

  test('only those who may decide do, and nobody is told of what others ask for', async () => {
    const parked = await add('rest-2')
    const path = `/api/approvals/${parked.approval_id}`
    const member = await hire(castellan)
    const clerk = await hire(castellan, { roles: ['operator'], scopes: ['mcp', 'read'] })
    await as(member.key, 'POST', `${path}/approve`, {}, 403)
    await as(clerk.key, 'POST', `${path}/approve`, {}, 403)
    await as(member.key, 'GET', path, undefined, 404)
    assert.deepEqual((await as<List<Approval>>(member.key, 'GET', '/api/approvals')).items, [])
    assert.ok((await as<List<Approval>>(agent.key, 'GET', '/api/approvals')).items.every(each => each.requested_by.id === agent.id)) // prettier-ignore
    await as(olga.key, 'POST', `${path}/reject`, { reason: 'no' })
    assert.deepEqual(await refused(agent.key, 'rest-2'), [403, 'denied_policy'])
  })

  test('an agent never agrees to what it wants itself, whatever its roles', async () => {
    const robot = await hire(castellan, { roles: ['operator'] })
    const parked = await add('rest-3', robot.key)
    const path = `/api/approvals/${parked.approval_id}/approve`
    const problem = await as<Problem>(robot.key, 'POST', path, {}, 403)
    assert.equal(problem.code, 'APPROVAL_OWN')
    await as(olga.key, 'POST', path)
  })

  test('nothing of it is there for another tenant', async () => {
    const parked = await add('rest-4')
    await castellan.ask('POST', '/api/tenants', { id: 'acme' })
    const stranger = await hire(castellan, { roles: ['admin', 'operator'], tenant: 'acme' })
    const path = `/api/approvals/${parked.approval_id}`
    for (const what of ['', '/approve', '/reject', '/cancel']) {
      await as(stranger.key, what === '' ? 'GET' : 'POST', path + what, what === '' ? undefined : {}, 404)
    }
    assert.deepEqual((await as<List<Approval>>(stranger.key, 'GET', '/api/approvals')).items, [])
  })

  test('a caller that would rather wait gets the outcome', async () => {
    const calling = add('rest-5', agent.key, { prefer: 'wait=30' })
    const { id } = await pendingFor('rest-5')
    await as(olga.key, 'POST', `/api/approvals/${id}/approve`)
    assert.equal((await calling).outcome, 'ok')
    assert.equal(times('rest-5'), 1)
  })

  test('a rule says how many must agree, and how long there is', async () => {
    const rule = { tools: ['ledger/add'], quorum: 2, decide_within: '2s', approvers: ['operator', 'admin'] }
    await castellan.ask('PUT', '/api/approval-rules/pairs', rule)
    const parked = await add('rest-6')
    const path = `/api/approvals/${parked.approval_id}`
    assert.equal((await as<Approval>(olga.key, 'POST', `${path}/approve`)).state, 'pending')
    assert.equal((await add('rest-6')).outcome, 'needs_approval')
    const expired = () => as<Approval>(olga.key, 'GET', path)
    await until('its end', expired, ({ state }) => state === 'expired')
    await castellan.ask('DELETE', '/api/approval-rules/pairs')
    assert.notEqual((await add('rest-6')).approval_id, parked.approval_id)
  })
})

describe('on the command line', () => {
  const cli = (key: string, ...words: string[]) => run([...words, '--url', castellan.url, '--key', key])

  test('calls are shown, approved and refused', async () => {
    const parked = await cli(agent.key, 'call', 'ledger__add', '--args', '{"id":"cli-1"}')
    assert.equal(parked.code, 3)
    const [, id = ''] = /castellan approvals approve (\S+)\./.exec(parked.err) ?? []
    assert.match((await cli(olga.key, 'approvals')).out, new RegExp(`${id} +pending .*ledger/add +unsafe +0 of 1`))
    assert.match((await cli(olga.key, 'approvals', 'show', id)).out, /lines are for ever[^]*"id": "cli-1"/)
    assert.match(
      (await cli(olga.key, 'approvals', 'approve', id, '--reason', 'go')).out,
      /ledger\/add for .* is approved\./,
    )
    assert.equal((await cli(agent.key, 'call', 'ledger__add', '--args', '{"id":"cli-1"}')).code, 0)
    assert.equal((await cli(olga.key, 'approvals', 'reject', id)).code, 4)
  })

  test('rules are made, shown and removed', async () => {
    const made = await cli(castellan.key, 'approvals', 'rules', 'put', 'big', '--tools', 'bank/*', '--quorum', '2')
    assert.equal(made.code, 0, made.err)
    assert.match((await cli(castellan.key, 'approvals', 'rules')).out, /big +bank\/\* +admin operator +machines +2/)
    assert.equal((await cli(castellan.key, 'approvals', 'rules', 'remove', 'big')).code, 0)
    const unsigned = await cli(castellan.key, 'approvals', 'rules', 'put', 'x', '--webhook', 'https://x.example')
    assert.deepEqual([unsigned.code, /--webhook-secret/.test(unsigned.err)], [2, true])
  })
})

describe('over MCP', () => {
  for (const revision of revisions) {
    test(`the user behind a client of ${revision} is asked while the call waits`, async () => {
      const answers: unknown[] = []
      await using client = await connect(castellan, revision, { capabilities: { elicitation: { form: {} } } })
      let approve = true
      client.setRequestHandler('elicitation/create', ({ params }) => {
        answers.push(params)
        return { action: 'accept' as const, content: { approve } }
      })
      const id = `asked-${revision}`
      assert.equal((await callTool(client, 'ledger__add', { id })).outcome, 'ok')
      assert.equal(times(id), 1)
      assert.match(JSON.stringify(answers), /lines are for ever/)
      approve = false
      assert.equal((await callTool(client, 'ledger__add', { id: `${id}-no` })).outcome, 'denied_policy')
      assert.equal(times(`${id}-no`), 0)
      assert.equal(answers.length, 2)
    })

    test(`a client of ${revision} that cannot be asked is told what to wait for`, async () => {
      await using client = await connect(castellan, revision, { key: agent.key })
      const id = `told-${revision}`
      const result = await client.callTool({ name: 'ledger__add', arguments: { id } })
      const approvalId = result._meta?.['castellan/approvalId'] as string
      assert.deepEqual([result.isError, result._meta?.['castellan/outcome']], [true, 'needs_approval'])
      assert.ok(JSON.stringify(result.content).includes(approvalId))
      await as(olga.key, 'POST', `/api/approvals/${approvalId}/approve`)
      assert.equal((await callTool(client, 'ledger__add', { id })).outcome, 'ok')
    })

    test(`a client of ${revision} may wait for the decision`, async () => {
      await using client = await connect(castellan, revision, { key: agent.key })
      const id = `waits-${revision}`
      const calling = client.callTool({
        name: 'ledger__add',
        arguments: { id },
        _meta: { 'castellan/waitForApproval': '30s' },
      })
      const pending = await pendingFor(id)
      await as(olga.key, 'POST', `/api/approvals/${pending.id}/approve`)
      assert.notEqual((await calling).isError, true)
      assert.equal(times(id), 1)
    })
  }

  test('the answer of a 2026 client counts for the very call it was asked about', async () => {
    const modern = await speaker(castellan, '2026')
    const abilities = { ...envelope, 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } }
    const say = (id: string, more: object = {}) =>
      modern.request('tools/call', { name: 'ledger__add', arguments: { id }, _meta: abilities, ...more })
    const asked = (await say('modern-1')).message!.result as Record<string, never>
    assert.equal(asked['resultType'], 'input_required')
    const questions = asked['inputRequests'] as unknown as Record<string, { method: string }>
    const [name = ''] = Object.keys(questions)
    assert.equal(questions[name]?.method, 'elicitation/create')
    const inputResponses = { [name]: { action: 'accept', content: { approve: true } } }
    const state = { requestState: asked['requestState'] as unknown, inputResponses }
    const moved = await say('modern-2', state)
    assert.equal(moved.message?.error?.code, -32602, moved.text)
    const forged = await say('modern-1', { inputResponses })
    assert.notEqual(forged.message?.result?.['isError'], false)
    assert.deepEqual([times('modern-1'), times('modern-2')], [0, 0])
    const done = await say('modern-1', state)
    assert.equal(done.message?.result?.['resultType'], 'complete', done.text)
    assert.equal(times('modern-1'), 1)
  })

  test('how long to wait must be something that can be waited', async () => {
    const legacy = await speaker({ url: castellan.url, key: agent.key }, '2025')
    for (const wait of ['11m', 30, '', '0s', null]) {
      const { message } = await legacy.call('ledger__add', { id: 'x' }, { 'castellan/waitForApproval': wait })
      assert.equal(message?.error?.code, -32602, String(wait))
    }
  })
})

test('an approval outlives a crash, and is used once after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-e2e-'))
  const file = join(folder, 'written')
  try {
    let id: string
    {
      await using doomed = await castellanProcess(folder)
      const admin = { ...castellan, url: doomed.url, key: doomed.key }
      const tell = (method: string, path: string, body?: unknown) =>
        as(doomed.key, method, path, body, undefined, admin)
      await tell('POST', '/api/mcp-servers', ledgerServer(file))
      await tell('PUT', '/api/policies', { files: { 'house.cedar': policy } })
      id = (await add('crash', doomed.key, {}, admin)).approval_id!
      await tell('POST', `/api/approvals/${id}/approve`)
      doomed.signal('SIGKILL')
      await doomed.ended
    }
    await using risen = await castellanProcess(folder)
    const admin = { ...castellan, url: risen.url, key: risen.key }
    assert.equal((await add('crash', risen.key, {}, admin)).outcome, 'ok')
    const again = await add('crash', risen.key, {}, admin)
    assert.equal(again.outcome, 'needs_approval')
    assert.notEqual(again.approval_id, id)
    assert.deepEqual(readFileSync(file, 'utf8').trim().split('\n'), ['crash'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('somebody outside is told until it is heard, and answers once with the token', async () => {
  const secret = 'whsec_' + Buffer.from('a secret of this test only').toString('base64')
  await castellan.ask('PUT', '/api/secrets/hook', { value: secret })
  await using outside = await listener()
  const webhook = { url: `${outside.url}/hook?x=1`, secret: 'hook' }
  await castellan.ask('PUT', '/api/approval-rules/told', { tools: ['ledger/add'], webhook })
  const parked = await add('hook-1 ann@example.com')
  const [first, second] = await until(
    'the second attempt',
    () => outside.heard,
    heard => heard.length === 2,
  )
  for (const { path, headers, body } of [first!, second!]) {
    assert.equal(path, '/hook?x=1')
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    const expected = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(signed)
      .digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${expected}`)
    assert.match(String(headers['content-type']), /^application\/cloudevents\+json/)
  }
  assert.equal(first!.headers['webhook-id'], second!.headers['webhook-id'])
  const event = JSON.parse(second!.body) as Notice
  assert.deepEqual([event.type, event.data.approval.id], ['approval.requested', parked.approval_id])
  assert.match(event.data.approval.arguments, /hook-1/)
  assert.doesNotMatch(second!.body, /ann@example\.com/)

  const { url, token } = event.data.callback
  assert.ok(url.startsWith(castellan.url))
  const { pathname } = new URL(url)
  const answer = async (body: unknown, path = pathname) => {
    const { status, text: said } = await ask(castellan, 'POST', path, { key: null, body })
    return [status, (JSON.parse(said) as { code?: string; state?: string }).code ?? JSON.parse(said).state]
  }
  const decision = 'approve'
  const other = (await add('hook-2')).approval_id!
  assert.deepEqual(await answer({ token: `${token}x`, decision }), [403, 'APPROVAL_TOKEN_INVALID'])
  assert.deepEqual(await answer({ token, decision }, pathname.replace(parked.approval_id!, other)), [403, 'APPROVAL_TOKEN_INVALID']) // prettier-ignore
  assert.deepEqual(await answer({ decision }), [400, 'REQUEST_INVALID'])
  assert.deepEqual(await answer({ token, decision, reason: 'ok by chat' }), [200, 'approved'])
  assert.deepEqual(await answer({ token, decision }), [409, 'APPROVAL_CLOSED'])
  assert.equal((await add('hook-1 ann@example.com')).outcome, 'ok')
  const told = () =>
    castellan.ask<List<JournalEvent>>('GET', `/api/journal?stream=approval-notice:${parked.approval_id}`)
  const { items } = await until('the line of the notice', told, ({ items }) => items.length === 1)
  assert.deepEqual([items[0]?.type, items[0]?.data['attempts']], ['approval.notified', 2])
  await castellan.ask('DELETE', '/api/approval-rules/told')
})

interface Notice {
  readonly type: string
  readonly data: {
    readonly approval: { readonly id: string; readonly arguments: string }
    readonly callback: { readonly url: string; readonly token: string }
  }
}

function ledgerServer(file: string) {
  const args = [fixturePath('ledger-server.ts'), 'stdio', file]
  return { name: 'ledger', transport: 'stdio', command: process.execPath, args }
}

/** Calls the tool that writes a line, over REST. */
async function add(
  id: string,
  key = agent.key,
  headers: Readonly<Record<string, string>> = {},
  plane = castellan,
): Promise<CallAnswer> {
  const { status, text: said } = await ask(plane, 'POST', '/api/calls', {
    key,
    headers,
    body: { name: 'ledger__add', args: { id } },
  })
  assert.equal(status, 200, said)
  return JSON.parse(said) as CallAnswer
}

async function refused(key: string, id: string): Promise<[number, string]> {
  const { status, text: said } = await ask(castellan, 'POST', '/api/calls', {
    key,
    body: { name: 'ledger__add', args: { id } },
  })
  return [status, (JSON.parse(said) as Problem).code]
}

async function as<T>(
  key: string,
  method: string,
  path: string,
  body?: unknown,
  expect?: number,
  plane = castellan,
): Promise<T> {
  const { status, text: said } = await ask(plane, method, path, { key, ...(body === undefined ? {} : { body }) })
  assert.ok(expect === undefined ? status < 300 : status === expect, `${method} ${path} answered ${status}: ${said}`)
  return (said === '' ? {} : JSON.parse(said)) as T
}

/** The question about the line, once it is asked. */
function pendingFor(id: string): Promise<ApprovalDetail> {
  const look = async () => {
    const { items } = await as<List<Approval>>(olga.key, 'GET', '/api/approvals?state=pending&limit=3')
    const whole = items.map(each => as<ApprovalDetail>(olga.key, 'GET', `/api/approvals/${each.id}`))
    return (await Promise.all(whole)).find(each => each.arguments.includes(`"${id}"`))
  }
  return until('the question', look, found => found !== undefined) as Promise<ApprovalDetail>
}

/** How often a line was really written. */
function times(id: string): number {
  const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n') : []
  return lines.filter(line => line === id).length
}

interface Heard {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Somebody outside, who does not hear the first time. */
async function listener() {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    void text(request).then(body => {
      heard.push({ path: request.url!, headers: request.headers, body })
      response.writeHead(heard.length === 1 ? 503 : 204).end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
