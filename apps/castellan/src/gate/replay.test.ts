import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Random, randomFrom } from '../../../../tests/support/random.ts'
import { cedarPolicyEngine } from '../adapters/policy-cedar/index.ts'
import type { PrincipalKind, Role } from '../identity/index.ts'
import { digestJson, type JsonObject, type JsonValue, newId, systemClock } from '../kernel/index.ts'
import { explain } from './explain.ts'
import { type OpenGate, openGate } from './fixtures/open-gate.ts'
import { type Rehearsal, replay, type Replay } from './replay.ts'

type Files = Readonly<Record<string, string>>

const everything = { 'all.cedar': '@id("all") permit (principal, action, resource);' }
const nothing = { 'none.cedar': '' }
const onlyOperators = { 'ops.cedar': '@id("ops") permit (principal in Role::"operator", action, resource);' }
const inTmp = {
  'tmp.cedar':
    '@id("tmp") permit (principal, action, resource) when { context.text.hasTag("/path") && context.text.getTag("/path") like "/tmp/*" };',
}
const tools = ['read', 'write', 'drop'].map(name => ({ name, inputSchema: { type: 'object' } }))

describe('policies that are tried on what was decided', () => {
  test('show who would be locked out of what, and who let in, with examples', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(onlyOperators, gate.actor)
    const ann = await gate.call('files__write', { path: '/tmp/a' })
    await gate.call('files__write', { path: '/etc/b' })
    const ben = await gate.call('files__read', { path: '/tmp/a' }, aMember)
    const found = await replayed(gate, inTmp)
    assert.deepEqual([found.calls, found.judged, found.changed], [3, 3, 2])
    assert.deepEqual(
      found.changes.map(({ principal, tool, from, to, calls, reasons }) => [principal.name, tool, from, to, calls, reasons]).toSorted(),
      [
        ['ann', 'files/write', 'allow', 'deny', 1, []],
        ['ben', 'files/read', 'deny', 'allow', 1, ['tmp.cedar#tmp']],
      ],
    ) // prettier-ignore
    const examples = found.changes.flatMap(each => each.examples)
    assert.ok(examples.includes(ben.callId) && !examples.includes(ann.callId))
  })

  test('are compared with what is in force now, for calls of earlier policies too', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(everything, gate.actor)
    await gate.call('files__read', {}, aMember)
    await gate.rules.putPolicies(onlyOperators, gate.actor)
    await gate.call('files__read', {}, aMember)
    assert.equal((await replayed(gate, onlyOperators)).changed, 0, 'the member was locked out before')
    const found = await replayed(gate, everything)
    assert.deepEqual(found.changes.map(({ from, to, calls }) => [from, to, calls]), [['deny', 'allow', 2]]) // prettier-ignore
  })

  test('are asked with roles and effect as they were, not as they are', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(everything, gate.actor)
    await gate.call('files__read', {}, { identity: { roles: ['operator', 'member'] } })
    await gate.call('files__read', {}, { identity: { roles: ['member'] } })
    const found = await replayed(gate, onlyOperators)
    assert.deepEqual([found.judged, found.changed], [2, 1])
  })

  test('are asked about dry runs, too, and about calls that a key answered', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(everything, gate.actor)
    await gate.call('files__read', {}, { context: { dryRun: true } })
    const keyed = { context: { idempotencyKey: 'k' } }
    await gate.call('files__read', {}, keyed)
    await gate.call('files__read', {}, keyed)
    await assert.rejects(gate.call('files__read', { other: 1 }, keyed), { code: 'IDEMPOTENCY_MISMATCH' })
    assert.deepEqual([(await replayed(gate, nothing)).judged, (await replayed(gate, nothing)).changed], [4, 4])
  })

  test('say nothing of calls whose arguments were erased, and count them', async () => {
    await using gate = await openGate({ tools })
    const denied = await gate.call('files__write', { path: '/etc' }, aMember)
    const [entry] = await gate.entriesOf(denied.callId)
    assert.equal(entry?.type, 'call.denied')
    await gate.eraseBlob(String(entry.data['args']))
    const found = await replayed(gate, everything)
    assert.deepEqual([found.judged, found.changed, found.unjudged.gone], [0, 0, 1])
  })

  test('say nothing where secrets were taken out and they would have looked, and judge all else', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(everything, gate.actor)
    const [entry] = await gate.entriesOf(
      (await gate.call('files__write', { path: '/etc', password: 'hunter2!' })).callId,
    )
    assert.equal(entry?.data['args_redacted'], true)
    const looking = (pointer: string) => ({
      'a.cedar': `permit (principal, action, resource) when { context.text.hasTag("${pointer}") };`,
    })
    assert.deepEqual(await outcomes(gate, looking('/path')), { judged: 1, redacted: 0 })
    assert.deepEqual(await outcomes(gate, looking('/password')), { judged: 0, redacted: 1 })
    assert.deepEqual(await outcomes(gate, looking('/password/hidden')), { judged: 0, redacted: 1 })
    assert.deepEqual(await outcomes(gate, looking('/elsewhere')), { judged: 1, redacted: 0 })
    await gate.call('files__write', { path: '/etc' })
    const [whole] = await gate.entriesOf((await gate.call('files__write', { path: '/etc' })).callId)
    assert.equal(whole?.data['args_redacted'], undefined)
  })

  test('count what never reached policy', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putLimits({ ...gate.noLimits, block: ['*/drop'] }, gate.actor)
    const refused = await gate.call('files__drop', { secret: 'x' })
    assert.equal((await gate.entriesOf(refused.callId))[0]?.data['args'], undefined, 'a flood leaves no arguments')
    assert.deepEqual((await replayed(gate, nothing)).unjudged, { notAsked: 1, unrecorded: 0, gone: 0, redacted: 0 })
  })

  test('are asked about the wished calls only', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(everything, gate.actor)
    const begin = new Date()
    const ben = { identity: { principal: { ...aMember.identity.principal, id: newId() } } }
    for (const tool of ['read', 'write']) await gate.call(`files__${tool}`, {})
    await gate.call('files__write', {}, ben)
    const count = async (wish: object) => (await replayed(gate, nothing, wish)).changed
    assert.equal(await count({}), 3)
    assert.equal(await count({ tool: '*/wr*' }), 2)
    assert.equal(await count({ principal: ben.identity.principal.id }), 1)
    assert.equal(await count({ until: begin }), 0)
    assert.equal(await count({ since: new Date(Date.now() + 60_000) }), 0)
    assert.equal(await count({ tenant: 'other' }), 0)
  })

  test('tell calls apart that were cancelled before they were decided', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(everything, gate.actor)
    await gate.call('files__read', {}, { signal: AbortSignal.abort() })
    const found = await replayed(gate, everything)
    assert.deepEqual([found.judged, found.changed, found.unrepeated], [1, 0, 1])
  })

  test('end when nobody waits for them', async () => {
    await using gate = await openGate({ tools })
    await gate.call('files__read', {})
    await assert.rejects(replayed(gate, everything, {}, AbortSignal.abort(new Error('gone'))), /gone/)
  })

  test('flip nothing of any history when they are in force already', async () => {
    const seen = { reading: 0, finding: 0, asking: 0 }
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = randomFrom(seed)
      await using gate = await openGate({ tools })
      const policies = { ...aPolicySet(random), ...peopleAgree }
      await gate.rules.putPolicies(policies, gate.actor)
      await gate.rules.putGuardrails(whatToolsTell, gate.actor)
      const history = Array.from({ length: 120 }, () => anAsking(random))
      const reached = (await rulings(gate, history)).filter(ruling => ruling !== 'refused')
      const same = await replayed(gate, policies)
      const judged = same.judged + same.unjudged.redacted
      assert.deepEqual([same.changed, same.unrepeated, judged], [0, 0, reached.length], `seed ${seed}`)
      assert.ok(reached.length > 60)
      for (const { data, outcome } of await (await gate.decisions()).judged('default', always, null, 1_000)) {
        if (data['labels'] !== undefined) seen.reading++
        if (data['guardrail'] !== undefined) seen.finding++
        if (outcome === 'needs_approval') seen.asking++
      }
    }
    assert.ok(
      Object.values(seen).every(calls => calls > 20),
      JSON.stringify(seen),
    )
  })

  for (const seed of [1, 2, 3]) {
    test(`tell what the gate would do if they were in force (seed ${seed})`, async () => {
      const random = randomFrom(seed)
      await using gate = await openGate({ tools })
      const [policies, others] = [aPolicySet(random), aPolicySet(random)]
      await gate.rules.putPolicies(policies, gate.actor)
      // Secrets are not kept, and a dry run ends before people are asked.
      const open = ({ args, identity }: Asking) =>
        !JSON.stringify(args).includes('password') && !identity?.context?.dryRun
      const history = Array.from({ length: 180 }, () => anAsking(random)).filter(open)
      const then = await rulings(gate, history)
      const { changed } = await replayed(gate, others)
      await gate.rules.putPolicies(others, gate.actor)
      const now = await rulings(gate, history)
      assert.equal(changed, now.filter((ruling, index) => ruling !== then[index]).length)
      assert.equal((await replayed(gate, others)).changed, 0, 'nor over the history of both')
    })
  }
})

describe('an explanation', () => {
  test('says what the session had read and what was seen in the arguments, and asks with both again', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putGuardrails(whatToolsTell, gate.actor)
    const careful = {
      'c.cedar': `permit (principal, action, resource);
        forbid (principal, action, resource) when { context.labels.contains("untrusted") && context.found.contains(Metric::"pii") };`,
    }
    await gate.rules.putPolicies(careful, gate.actor)
    const to = { to: 'ann@example.org' }
    const [before, , later] = [await gate.call('files__write', to), await gate.call('files__read', {}), await gate.call('files__write', to)] // prettier-ignore
    const decisions = await gate.decisions()
    const engine = cedarPolicyEngine()
    engine.load({ tenant: 'default', files: careful, digest: digestJson(careful), version: 1 })
    for (const [{ callId }, ruling, labels] of [[before, 'allow', []], [later, 'deny', ['untrusted']]] as const) {
      const call = (await decisions.judgedCall('default', callId))!
      const { question, today } = await explain(call, [engine], AbortSignal.timeout(10_000))
      assert.deepEqual([question?.labels, question?.found], [labels, ['pii']])
      assert.deepEqual([today.ruling, 'same' in today && today.same], [ruling, true])
    } // prettier-ignore
  })

  test('says by which policy, on what, and whether it is so today', async () => {
    await using gate = await openGate({ tools })
    await gate.rules.putPolicies(onlyOperators, gate.actor)
    const { callId } = await gate.call('files__write', { path: '/etc', token: 'hunter2!' }, aMember)
    const call = (await (await gate.decisions()).judgedCall('default', callId))!
    const signal = AbortSignal.timeout(10_000)
    const engine = cedarPolicyEngine()
    engine.load({ tenant: 'default', files: onlyOperators, digest: digestJson(onlyOperators), version: 1 })
    const explained = await explain(call, [engine], signal)
    assert.equal(explained.ruling, 'deny')
    assert.deepEqual(explained.decisions.map(each => [each.engine, each.policyDigest]), [['cedar', digestJson(onlyOperators)]]) // prettier-ignore
    assert.equal(explained.stopped?.guard, 'policy')
    assert.deepEqual(explained.question?.principal.roles, ['member'])
    assert.deepEqual([explained.args, explained.kept], [{ path: '/etc', token: '[redacted]' }, 'redacted'])
    assert.deepEqual('same' in explained.today && explained.today.same, true)
    engine.load({ tenant: 'default', files: everything, digest: digestJson(everything), version: 2 })
    const later = await explain(call, [engine], signal)
    assert.deepEqual([later.today.ruling, 'same' in later.today && later.today.same], ['allow', false])
    const readsToken = {
      't.cedar': 'permit (principal, action, resource) when { context.text.hasTag("/token") };',
    }
    engine.load({ tenant: 'default', files: readsToken, digest: digestJson(readsToken), version: 3 })
    assert.match(JSON.stringify((await explain(call, [engine], signal)).today), /secrets were taken out/)
  })
})

const aMember = {
  identity: {
    roles: ['member'] as const,
    principal: { id: newId(), kind: 'agent' as const, name: 'ben', memberships: [], external: null, version: 1 },
  },
}

const always = { since: new Date(0), until: new Date('2100-01-01') }

function rehearse(gate: OpenGate, files: Files): Rehearsal {
  return gate.rules.rehearse('default', files)
}

async function replayed(
  gate: OpenGate,
  files: Files,
  wish: object = {},
  signal = new AbortController().signal,
): Promise<Replay> {
  const log = await gate.decisions()
  const all = { tenant: 'default', ...always, ...wish }
  for await (const step of replay({ log, clock: systemClock }, rehearse(gate, files), all, signal)) {
    if (step.is === 'end') return step.replay
  }
  throw new Error('it ended without a report')
}

async function outcomes(gate: OpenGate, files: Files) {
  const { judged, unjudged } = await replayed(gate, files)
  return { judged, redacted: unjudged.redacted }
}

/** One call to be made. */
interface Asking {
  readonly tool: string
  readonly args: JsonObject
  readonly identity: Parameters<OpenGate['call']>[2]
}

const roles: readonly Role[] = ['admin', 'auditor', 'operator', 'member']
const kinds: readonly PrincipalKind[] = ['user', 'agent', 'service', 'site']
const keys = ['path', 'count', 'ok', 'password', 'a/b', '__proto__', 'deep'] as const
const texts = ['/tmp/a', '/etc/b', '', 'Ü😀', '[redacted]', '\ud800', 'yes', 'ann@example.org', 'to ben@example.org']

function anAsking(random: Random): Asking {
  const name = random.pick(['ann', 'ben', 'Ü"\\'])
  return {
    tool: `files__${random.pick(tools).name}`,
    args: someArguments(random, 2),
    identity: {
      identity: {
        roles: random.chance(0.1) ? ['member'] : ['member', ...random.shuffled(roles).slice(0, random.int(0, 3))],
        principal: { id: name, kind: random.pick(kinds), name, memberships: [], external: null, version: 1 },
      },
      context: { dryRun: random.chance(0.2), via: random.pick(['mcp', 'rest', 'cli', 'run'] as const) },
    },
  }
}

function someArguments(random: Random, depth: number): JsonObject {
  const chosen = random.shuffled(keys).slice(0, random.int(0, 4))
  return JSON.parse(
    `{${chosen.map(key => `${JSON.stringify(key)}:${JSON.stringify(aValue(random, depth))}`).join()}}`,
  ) as JsonObject
}

function aValue(random: Random, depth: number): JsonValue {
  if (depth > 0 && random.chance(0.2)) return someArguments(random, depth - 1)
  if (depth > 0 && random.chance(0.1)) return [aValue(random, depth - 1), random.pick(texts)]
  return random.pick<JsonValue>([random.pick(texts), random.int(-5, 20), 0.5, 1e300, true, false, null])
}

const conditions = [
  'context.text.hasTag("/path") && context.text.getTag("/path") like "/tmp/*"',
  'context.text.hasTag("/deep/path")',
  'context.text.hasTag("/password") && context.text.getTag("/password") == "yes"',
  'context.number.hasTag("/count") && context.number.getTag("/count") > 5',
  'context.flag.hasTag("/ok") && context.flag.getTag("/ok")',
  'context.text.hasTag("/a~1b")',
  'context.dryRun',
  'context.via == Surface::"mcp"',
  'principal.kind == Kind::"agent"',
  'principal.name == "ben"',
  'resource.name == "write"',
  'resource.trusted',
  'principal in Role::"operator"',
  'context.found.contains(Metric::"pii")',
  'context.labels.contains("untrusted")',
]

/** All may read, and whoever has read what is confidential needs the agreement of people for all else. */
const peopleAgree = {
  'people.cedar': `
    @id("reads") permit (principal, action, resource) when { resource.name == "read" || resource.name == "drop" };
    @id("people") @require_approval("who knows") permit (principal, action, resource) when { context.labels.contains("confidential") };`,
}

const plainRule = { stages: null, scan: true, mode: null, thresholds: {}, categories: {} } as const

/** Whoever has read with one tool is asked about otherwise from then on. */
const whatToolsTell: Parameters<OpenGate['rules']['putGuardrails']>[0] = {
  mode: 'mixed',
  thresholds: {},
  categories: {},
  rules: [
    { ...plainRule, tools: ['*/read'], labels: ['untrusted'] },
    { ...plainRule, tools: ['*/drop'], labels: ['confidential'] },
  ],
  mixing: 'allow',
}

function aPolicySet(random: Random): Files {
  const policies = random
    .shuffled(conditions)
    .slice(0, random.int(1, 6))
    .map((condition, index) => {
      const effect = index > 0 && random.chance(0.4) ? 'forbid' : 'permit'
      const asks = effect === 'permit' && random.chance(0.3) ? '@require_approval("so it is") ' : ''
      return `@id("p${index}") ${asks}${effect} (principal, action, resource) ${random.pick(['when', 'unless'])} { ${condition} };`
    })
  return { 'some.cedar': policies.join('\n') }
}

/** What the gate says to each, one after the other. */
async function rulings(gate: OpenGate, history: readonly Asking[]): Promise<string[]> {
  const said: string[] = []
  for (const { tool, args, identity } of history) {
    const answer = await gate.call(tool, args, identity)
    // Text that is no Unicode never becomes a call.
    const refused = answer.is === 'denied' && answer.code === 'denied_schema'
    const ruling = answer.is === 'needsApproval' ? 'needs_approval' : answer.is === 'denied' ? 'deny' : 'allow'
    said.push(refused ? 'refused' : ruling)
  }
  return said
}
