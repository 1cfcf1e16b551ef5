import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Approval } from '../approvals/index.ts'
import { someone } from '../approvals/fixtures/approval.ts'
import type { JsonObject } from '../kernel/index.ts'
import type { CallerClient, ClientAnswer } from './connector.ts'
import { eventually } from './connector.testsuite.ts'
import { openGate, type OpenGate } from './fixtures/open-gate.ts'
import type { Guard } from './guard.ts'
import type { Answer } from './request.ts'

const pay = { name: 'pay', inputSchema: { type: 'object', properties: { amount: { type: 'number' } } } }
const look = { name: 'look' }
const asks = '@id("pay") @require_approval("money leaves") permit (principal, action, resource);'

async function openBank(policy = asks, given: Partial<Parameters<typeof openGate>[0]> = {}) {
  const gate = await openGate({ tools: [pay, look], kind: 'agent', ...given })
  await gate.rules.putPolicies({ 'bank.cedar': policy }, gate.actor)
  return gate
}

function parked(answer: Answer): string {
  assert.equal(answer.is, 'needsApproval', JSON.stringify(answer))
  return answer.is === 'needsApproval' ? answer.approvalId : ''
}

function decide(gate: OpenGate, id: string, is: 'approve' | 'reject' = 'approve', who = 'olga'): Promise<Approval> {
  const by = { is: 'principal', identity: someone(who), through: 'rest' } as const
  return gate.approvals.act(gate.actor.tenant, id, { is, by, reason: null })
}

describe('a call that needs approval', () => {
  test('runs once it was approved, and the journal tells the whole story', async () => {
    await using gate = await openBank()
    const first = await gate.call('files__pay', { amount: 5 })
    const id = parked(first)
    assert.equal(gate.seen.length, 0)
    const [line] = await gate.entriesOf(first.callId)
    assert.deepEqual([line?.type, line?.data['approval'], line?.data['reasons']], ['call.parked', id, ['money leaves (bank.cedar#pay)']]) // prettier-ignore
    await decide(gate, id)
    const second = await gate.call('files__pay', { amount: 5 })
    assert.equal(second.is === 'outcome' && second.outcome.is, 'ok')
    assert.equal((await gate.entriesOf(second.callId))[0]?.data['approval'], id)
    const story = await gate.stream(`approval:${id}`)
    assert.deepEqual(
      story.map(({ type }) => type),
      ['approval.requested', 'approval.approved', 'approval.used'],
    )
    assert.deepEqual([story[0]?.causationId, story[2]?.data['call']], [first.callId, second.callId])
    assert.doesNotMatch(JSON.stringify(story), /"amount"/)
  })

  test('shows nobody what the schema marks as secret, and is bound to it all the same', async () => {
    const pin = { type: 'string', writeOnly: true }
    const tool = { name: 'pay', inputSchema: { type: 'object', properties: { pin } } }
    await using gate = await openBank(asks, { tools: [tool] })
    const id = parked(await gate.call('files__pay', { pin: 'four digits' }))
    const approval = await gate.approvals.get(gate.actor.tenant, id)
    assert.deepEqual(JSON.parse(await gate.approvals.argumentsOf(approval, 'decides')), { pin: '[redacted]' })
    await decide(gate, id)
    assert.notEqual(parked(await gate.call('files__pay', { pin: 'four others' })), id)
    assert.equal((await gate.call('files__pay', { pin: 'four digits' })).is, 'outcome')
    assert.deepEqual(gate.seen[0]?.call.args, { pin: 'four digits' })
  })

  test('a replayed approval is stopped', async () => {
    await using gate = await openBank()
    const id = parked(await gate.call('files__pay', { amount: 5 }))
    await decide(gate, id)
    assert.equal((await gate.call('files__pay', { amount: 5 })).is, 'outcome')
    const replayed = parked(await gate.call('files__pay', { amount: 5 }))
    assert.notEqual(replayed, id)
    assert.equal(gate.seen.length, 1)
    await assert.rejects(decide(gate, id, 'approve', 'otto'), { code: 'APPROVAL_CLOSED' })
  })

  test('asks once while nobody has decided', async () => {
    await using gate = await openBank()
    const together = await Promise.all(Array.from({ length: 8 }, () => gate.call('files__pay', { amount: 5 })))
    assert.equal(new Set(together.map(parked)).size, 1)
    assert.equal((await gate.approvals.list(gate.actor.tenant, {}, null, 10)).length, 1)
  })

  test('of many at once one uses the approval, also where it only reads', async () => {
    for (const effect of ['unsafe', 'read'] as const) {
      await using gate = await openBank(asks, { effect })
      const id = parked(await gate.call('files__pay', { amount: 5 }))
      await decide(gate, id)
      const together = await Promise.all(Array.from({ length: 8 }, () => gate.call('files__pay', { amount: 5 })))
      assert.equal(together.filter(({ is }) => is === 'outcome').length, 1)
      assert.equal(gate.seen.length, 1)
      const others = new Set(together.filter(({ is }) => is !== 'outcome').map(parked))
      assert.ok(others.size === 1 && !others.has(id))
    }
  })

  const otherCalls: readonly (readonly [string, (gate: OpenGate) => Promise<Answer>])[] = [
    ['other arguments', gate => gate.call('files__pay', { amount: 6 })],
    ['another tool', gate => gate.call('files__look', { amount: 5 })],
    ['another principal', gate => gate.call('files__pay', { amount: 5 }, { principal: 'somebody-else' })],
    [
      'other policies',
      async gate => {
        await gate.rules.putPolicies({ 'bank.cedar': `${asks}\n// reviewed` }, gate.actor)
        return gate.call('files__pay', { amount: 5 })
      },
    ],
  ]
  for (const [what, call] of otherCalls) {
    test(`needs an approval of its own for ${what}`, async () => {
      await using gate = await openBank()
      const id = parked(await gate.call('files__pay', { amount: 5 }))
      await decide(gate, id)
      assert.notEqual(parked(await call(gate)), id)
      assert.equal(gate.seen.length, 0)
    })
  }

  test('is refused for a while once somebody said no', async () => {
    await using gate = await openBank()
    const id = parked(await gate.call('files__pay', { amount: 5 }))
    await decide(gate, id, 'reject')
    const refused = await gate.call('files__pay', { amount: 5 })
    assert.deepEqual([refused.is, refused.is === 'denied' && refused.code], ['denied', 'denied_policy'])
    assert.deepEqual((await gate.entriesOf(refused.callId))[0]?.data['reasons'], [`the approval ${id} was rejected`])
    assert.ok(parked(await gate.call('files__pay', { amount: 6 })))
  })

  test('does not run when the store cannot be read or written, and uses nothing up', async () => {
    await using gate = await openBank()
    const id = parked(await gate.call('files__pay', { amount: 5 }))
    await decide(gate, id)
    gate.failWrites = true
    await assert.rejects(gate.call('files__pay', { amount: 5 }), { code: 'STORE_UNAVAILABLE' })
    gate.failWrites = false
    gate.failApprovals = true
    await assert.rejects(gate.call('files__pay', { amount: 5 }), { code: 'STORE_UNAVAILABLE' })
    gate.failApprovals = false
    assert.equal(gate.seen.length, 0)
    assert.equal((await gate.call('files__pay', { amount: 5 })).is, 'outcome')
  })

  test('asks nobody when it is not to run anyway', async () => {
    await using gate = await openBank()
    assert.equal((await gate.call('files__pay', { amount: 5 }, { context: { dryRun: true } })).is, 'dryRun')
    await gate.rules.putLimits({ ...gate.noLimits, block: ['files/pay'] }, gate.actor)
    assert.equal((await gate.call('files__pay', { amount: 5 })).is, 'denied')
    assert.deepEqual(await gate.approvals.list(gate.actor.tenant, {}, null, 10), [])
  })

  test('is answered from an earlier one with its key, and that uses no approval', async () => {
    await using gate = await openBank()
    const keyed = () => gate.call('files__pay', { amount: 5 }, { context: { idempotencyKey: 'k' } })
    await decide(gate, parked(await keyed()))
    const [first, second] = [await keyed(), await keyed()]
    assert.equal(first.is, 'outcome')
    assert.equal(second.is === 'outcome' && second.replayOf, first.callId)
    assert.equal(gate.seen.length, 1)
  })

  test('cannot bury what others ask: so much of one principal waits, and no more', async () => {
    await using gate = await openBank()
    for (let amount = 0; amount < 100; amount++) parked(await gate.call('files__pay', { amount }))
    const crowded = await gate.call('files__pay', { amount: 100 })
    assert.deepEqual([crowded.is, crowded.is === 'denied' && crowded.code], ['denied', 'denied_limit'])
    parked(await gate.call('files__pay', { amount: 99 }))
    parked(await gate.call('files__pay', { amount: 100 }, { principal: 'somebody-else' }))
  })
})

describe('a caller that waits', () => {
  test('gets the outcome when the call is approved meanwhile, as one call', async () => {
    await using gate = await openBank()
    const calling = gate.call('files__pay', { amount: 5 }, { patience: 60_000 })
    const id = await firstPending(gate)
    await decide(gate, id)
    const answer = await calling
    assert.equal(answer.is === 'outcome' && answer.outcome.is, 'ok')
    const [requested] = await gate.stream(`approval:${id}`)
    assert.equal(requested?.causationId, answer.callId)
  })

  test('is refused when it is rejected meanwhile', async () => {
    await using gate = await openBank()
    const calling = gate.call('files__pay', { amount: 5 }, { patience: 60_000 })
    await decide(gate, await firstPending(gate), 'reject')
    assert.equal((await calling).is, 'denied')
  })

  test('is told what it waited for when nobody decides in time, when it leaves, and when the gate closes', async () => {
    await using gate = await openBank()
    const id = parked(await gate.call('files__pay', { amount: 5 }, { patience: 30 }))
    const leaving = new AbortController()
    const left = gate.call('files__pay', { amount: 5 }, { patience: 60_000, io: { signal: leaving.signal } })
    leaving.abort()
    assert.equal(parked(await left), id)
    const waiting = gate.call('files__pay', { amount: 5 }, { patience: 60_000 })
    await gate.gate.drain(AbortSignal.timeout(5_000))
    assert.equal(parked(await waiting), id)
  })

  test('is judged anew by what holds when it goes on, though its limits are not counted twice', async () => {
    await using gate = await openBank()
    await gate.rules.putLimits({ ...gate.noLimits, perPrincipal: { calls: 1, per: 3_600_000 } }, gate.actor)
    const calling = gate.call('files__pay', { amount: 5 }, { patience: 60_000 })
    const id = await firstPending(gate)
    await gate.rules.putPolicies({ 'bank.cedar': 'forbid (principal, action, resource);' }, gate.actor)
    await decide(gate, id)
    const answer = await calling
    assert.deepEqual([answer.is, answer.is === 'denied' && answer.code], ['denied', 'denied_policy'])
    assert.equal(gate.seen.length, 0)
  })

  test('keeps what guards said that are heard once, and needs the approval they asked for', async () => {
    let heard = 0
    const counting: Guard = {
      name: 'counting',
      code: 'denied_budget',
      once: true,
      check: () => ({ is: 'needsApproval', reasons: ['much'], facts: { reserved: ++heard } }),
    }
    await using gate = await openBank('permit (principal, action, resource);', { guards: [counting] })
    const calling = gate.call('files__pay', { amount: 5 }, { patience: 60_000 })
    const id = await firstPending(gate)
    await decide(gate, id)
    const answer = await calling
    assert.equal(answer.is, 'outcome')
    const [intended] = await gate.entriesOf(answer.callId)
    assert.deepEqual([intended?.data['reserved'], intended?.data['approval'], heard], [1, id, 1])
    assert.equal((await gate.approvals.get(gate.actor.tenant, id)).state, 'used')
  })
})

describe('the user behind a call', () => {
  const yes = { action: 'accept', content: { approve: true } }

  test('is asked when it may decide itself, and the call goes on with its yes', async () => {
    await using gate = await openBank(asks, { kind: 'user' })
    const client = asked(yes)
    const answer = await gate.call('files__pay', { amount: 5 }, { io: { client } })
    assert.equal(answer.is === 'outcome' && answer.outcome.is, 'ok')
    assert.equal(client.questions.length, 1)
    assert.match(
      String(client.questions[0]!['message']),
      /ann wants to use pay of files \(unsafe\)[^]*money leaves[^]*"amount": 5/,
    )
    const [approval] = await gate.approvals.list(gate.actor.tenant, {}, null, 1)
    assert.deepEqual(approval?.decisions.map(({ through, name }) => [through, name]), [['client', 'ann']]) // prettier-ignore
  })

  const others: readonly (readonly [string, JsonObject, string])[] = [
    ['says no', { action: 'accept', content: { approve: false } }, 'denied'],
    ['declines', { action: 'decline' }, 'denied'],
    ['does not decide', { action: 'cancel' }, 'needsApproval'],
    ['says something else', { action: 'accept', content: { approve: 'yes' } }, 'needsApproval'],
  ]
  for (const [what, said, becomes] of others) {
    test(`who ${what} lets nothing happen`, async () => {
      await using gate = await openBank(asks, { kind: 'user' })
      assert.equal((await gate.call('files__pay', { amount: 5 }, { io: { client: asked(said) } })).is, becomes)
      assert.equal(gate.seen.length, 0)
    })
  }

  test('is not asked when it is an agent, has no role to decide, or four eyes are wanted', async () => {
    const notAsked: readonly Partial<Parameters<typeof openGate>[0]>[] = [
      { kind: 'agent' },
      { kind: 'user', roles: ['member'] },
    ]
    for (const given of notAsked) {
      await using gate = await openBank(asks, given)
      const client = asked(yes)
      parked(await gate.call('files__pay', { amount: 5 }, { io: { client } }))
      assert.deepEqual(client.questions, [])
    }
    await using gate = await openBank(asks, { kind: 'user' })
    await gate.approvals.rules.put({ ...everyTool, fourEyes: 'always' }, gate.actor)
    const client = asked(yes)
    parked(await gate.call('files__pay', { amount: 5 }, { io: { client } }))
    assert.deepEqual(client.questions, [])
  })

  test('is one of those who must agree, and no more', async () => {
    await using gate = await openBank(asks, { kind: 'user' })
    await gate.approvals.rules.put({ ...everyTool, quorum: 2 }, gate.actor)
    const client = asked(yes)
    const id = parked(await gate.call('files__pay', { amount: 5 }, { io: { client } }))
    assert.equal(parked(await gate.call('files__pay', { amount: 5 }, { io: { client } })), id)
    assert.equal(client.questions.length, 1, 'it was not asked twice')
    await decide(gate, id)
    assert.equal((await gate.call('files__pay', { amount: 5 })).is, 'outcome')
  })

  test('is no longer asked when somebody else decides', async () => {
    await using gate = await openBank(asks, { kind: 'user' })
    const client = asked(null)
    const calling = gate.call('files__pay', { amount: 5 }, { io: { client } })
    await decide(gate, await firstPending(gate))
    assert.equal((await calling).is, 'outcome')
    assert.equal(client.withdrawn, 1)
  })
})

describe('a permit of Cedar that wants approval', () => {
  test('is not outdone by another that does not, and says nothing of calls it does not permit', async () => {
    const both = `${asks}\n@id("all") permit (principal, action, resource);`
    await using strict = await openBank(both)
    parked(await strict.call('files__pay', { amount: 5 }))
    const some = `@require_approval permit (principal, action, resource == Capability::"files/pay");
      permit (principal, action, resource == Capability::"files/look");`
    await using gate = await openBank(some)
    assert.equal((await gate.call('files__look', {})).is, 'outcome')
    parked(await gate.call('files__pay', { amount: 5 }))
    assert.equal((await gate.call('files__look', {})).is, 'outcome')
  })

  test('cannot be a forbid', async () => {
    await using gate = await openBank()
    const files = { 'x.cedar': '\n@require_approval("x")\nforbid (principal, action, resource);' }
    const [problem] = gate.rules.checkPolicies(files)
    assert.deepEqual([problem?.line, /stands before a permit/.test(problem?.message ?? '')], [2, true])
  })
})

const everyTool = {
  name: 'all',
  tools: ['*'],
  approvers: ['operator'],
  fourEyes: 'machines',
  quorum: 1,
  decideWithin: null,
  useWithin: null,
  webhook: null,
} as const

async function firstPending(gate: OpenGate): Promise<string> {
  let id: string | undefined
  await eventually('somebody is asked', async () => {
    const [pending] = await gate.approvals.list(gate.actor.tenant, { state: 'pending' }, null, 1)
    return (id = pending?.id) !== undefined
  })
  return id!
}

interface AskedClient extends CallerClient {
  readonly questions: JsonObject[]
  withdrawn: number
}

/** A client whose user always answers the same; null when it never answers. */
function asked(answer: JsonObject | null): AskedClient {
  const client: AskedClient = {
    id: 'client-1',
    capabilities: { elicitation: { form: {} } },
    logLevel: null,
    takesInputRequired: false,
    questions: [],
    withdrawn: 0,
    notify: () => undefined,
    ask: (_method, params, signal) => {
      client.questions.push(params)
      if (answer !== null) return Promise.resolve({ is: 'result', result: answer })
      const { promise, resolve } = Promise.withResolvers<ClientAnswer>()
      signal.addEventListener('abort', () => {
        client.withdrawn++
        resolve({ is: 'error', error: { code: -32000, message: 'withdrawn' } })
      })
      return promise
    },
  }
  return client
}
