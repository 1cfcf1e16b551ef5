import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import type { PolicyEngine, PolicyHolder, PolicyInput } from '../../gate/index.ts'
import { digestJson } from '../../kernel/index.ts'
import { cedarPolicyEngine } from './index.ts'

const signal = new AbortController().signal

describe('a remembered decision', () => {
  test('is the one that would be made anew, whatever the policies are and whoever asks', async () => {
    const [remembering, forgetful] = [cedarPolicyEngine(), cedarPolicyEngine({ remembered: 0 })]
    const run = fc.asyncProperty(files, input, input, async (texts, one, other) => {
      for (const engine of [remembering, forgetful]) load(engine, texts)
      for (const asked of between(one, other)) {
        assert.deepEqual(await remembering.decide(asked, signal), await forgetful.decide(asked, signal))
      }
    })
    await fc.assert(run, { numRuns: 400 })
  })

  test('counts until a new set is loaded, and not for another tenant', async () => {
    const engine = holding({ 'a.cedar': 'permit (principal, action, resource);' })
    assert.equal((await engine.decide(aCall(), signal)).allow, true)
    load(engine, { 'a.cedar': 'forbid (principal, action, resource);' })
    assert.equal((await engine.decide(aCall(), signal)).allow, false)
    load(engine, { 'a.cedar': 'permit (principal, action, resource);' })
    assert.equal((await engine.decide(aCall(), signal)).allow, true)
    assert.equal((await engine.decide({ ...aCall(), tenant: 'other' }, signal)).allow, false)
  })

  test('is not that of an error, nor given to a call that was cancelled', async () => {
    const engine = holding({ 'a.cedar': 'permit (principal, action, resource);' })
    assert.equal((await engine.decide({ ...aCall(), via: 'pigeon' }, signal)).allow, false)
    assert.equal((await engine.decide(aCall(), signal)).allow, true)
    assert.equal((await engine.decide(aCall(), AbortSignal.abort())).allow, false)
    assert.equal((await engine.decide({ ...aCall(), via: '\ud800' }, signal)).allow, false)
  })

  test('cannot be changed by whoever got it', async () => {
    const engine = holding({ 'a.cedar': '@id("all") permit (principal, action, resource);' })
    const decision = await engine.decide(aCall(), signal)
    assert.throws(() => Object.assign(decision, { allow: false }), TypeError)
    assert.throws(() => (decision.reasons as string[]).push('more'), TypeError)
  })
})

const anything = 'permit (principal, action, resource);'
const path = 'context.text.hasTag("/path") && context.text.getTag("/path")'

/** Heads and conditions that look at everything there is to look at, in every way the language has. */
const heads = {
  principal: fc.constantFrom(
    ...Array<string>(6).fill('principal'),
    'principal == Principal::"p1"',
    'principal in Role::"operator"',
    'principal in Principal::"p2"',
    'principal is Principal',
    'principal is Principal in Role::"member"',
  ),
  action: fc.constantFrom(
    'action',
    'action',
    'action',
    'action == Action::"call"',
    'action in [Action::"read", Action::"get"]',
  ),
  resource: fc.constantFrom(
    ...Array<string>(6).fill('resource'),
    'resource == Capability::"files/read"',
    'resource in Server::"files"',
    'resource is Capability in Server::"mail"',
  ),
}

const atom = fc.constantFrom(
  'principal.kind == Kind::"agent"',
  'principal.name == "ann"',
  'principal.name like "b*"',
  'principal.tenant == "default"',
  'principal in Role::"operator"',
  'principal in [Role::"admin", Role::"auditor"]',
  'principal == Principal::"p1"',
  'Principal::"p1" == principal',
  '[principal].contains(Principal::"p2")',
  '{ who: principal }.who.name == "ann"',
  '(if context.dryRun then principal else Principal::"p1").name == "ann"',
  'principal has name',
  'Principal::"p1".name == "ann"',
  'Principal::"p1" in Role::"operator"',
  'Principal::"p2" has name',
  'Capability::"files/read".trusted',
  'Capability::"files/read" in Server::"files"',
  'Capability::"files/read" has effect',
  'principal is Principal in Role::"member"',
  'resource.server == "files"',
  'resource["name"] == "read"',
  'resource.effect == Effect::"read"',
  'resource.openWorld',
  'resource.trusted == context.dryRun',
  'resource in Server::"mail"',
  'resource in [Server::"mail", Server::"files"]',
  'resource == Capability::"files/read"',
  '(if resource.trusted then resource else Capability::"files/read").name == "read"',
  'principal.name == resource.name',
  'context.via == Surface::"rest"',
  'context.dryRun',
  'context.labels.contains("untrusted")',
  'context.found.contains(Metric::"secrets")',
  `${path} like "/tmp/*"`,
  `${path} == principal.name`,
  'context.text.hasTag(principal.name)',
  'context.text.hasTag(resource.name) && context.text.getTag(resource.name) == "yes"',
  'context.number.hasTag("/count") && context.number.getTag("/count") <= 10',
  'context.number.hasTag("/count") && context.number.getTag("/count") + 9223372036854775807 > 0',
  'context.flag.hasTag("/deep/0/flag") && context.flag.getTag("/deep/0/flag")',
  '(if resource.trusted then context.text else context.text).hasTag("/other")',
  'context.text == context.text',
)

const condition: fc.Arbitrary<string> = fc.letrec<{ any: string }>(tie => ({
  any: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { arbitrary: atom, weight: 8 },
    { weight: 1, arbitrary: fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one}) && (${other})`) },
    { weight: 1, arbitrary: fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one}) || (${other})`) },
    { weight: 1, arbitrary: tie('any').map(one => `!(${one})`) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `if (${a}) then (${b}) else (${c})`),
    },
  ),
})).any

const policy = fc
  .record({
    effect: fc.constantFrom('permit', '@require_approval("x") permit', 'forbid'),
    ...heads,
    kind: fc.constantFrom('when', 'unless'),
    condition,
  })
  .map(
    each => `${each.effect} (${each.principal}, ${each.action}, ${each.resource}) ${each.kind} { ${each.condition} };`,
  )

const files = fc
  .tuple(fc.boolean(), fc.array(policy, { minLength: 1, maxLength: 2 }))
  .map(([open, policies]) => ({ 'a.cedar': [...(open ? [anything] : []), ...policies].join('\n') }))

const text = fc.constantFrom('/tmp/a', '/etc/b', 'ann', 'yes', '')
const input: fc.Arbitrary<PolicyInput> = fc.record({
  tenant: fc.constant('default'),
  principal: fc.record({
    id: fc.constantFrom('p1', 'p2', 'p3'),
    kind: fc.constantFrom('user' as const, 'agent' as const),
    name: fc.constantFrom('ann', 'bob', '/path'),
    roles: fc.subarray(['admin', 'auditor', 'operator', 'member'] as const),
  }),
  method: fc.constantFrom(
    'tools/call' as const,
    'tasks/get' as const,
    'resources/read' as const,
    'prompts/get' as const,
  ),
  capability: fc.record({
    server: fc.constantFrom('files', 'mail'),
    name: fc.constantFrom('read', 'write', '/other'),
    effect: fc.constantFrom('read' as const, 'unsafe' as const),
    openWorld: fc.boolean(),
    trusted: fc.boolean(),
  }),
  args: fc.record(
    {
      path: fc.oneof(text, fc.constant(7), fc.constant(null)),
      other: text,
      count: fc.constantFrom<number | string>(-1, 0, 1, 10, 11, 0.5, '0', '1'),
      deep: fc.array(fc.record({ flag: fc.boolean() }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
  via: fc.constantFrom('mcp', 'rest'),
  labels: fc.subarray(['confidential', 'untrusted']),
  found: fc.subarray(['pii', 'secrets'] as const),
  dryRun: fc.boolean(),
})

/** Every question that takes each thing of which there are many from the one or the other, and the rest from the one. */
function between(one: PolicyInput, other: PolicyInput): PolicyInput[] {
  const pick = [one, other]
  return Array.from({ length: 2 ** 5 }, (_, bits) => {
    const from = (bit: number) => pick[(bits >> bit) & 1]!
    return {
      ...one,
      principal: { ...one.principal, id: from(0).principal.id, name: from(1).principal.name },
      capability: { ...one.capability, server: from(2).capability.server, name: from(3).capability.name },
      args: from(4).args,
    }
  })
}

function holding(files: Readonly<Record<string, string>>): PolicyEngine & PolicyHolder {
  const engine = cedarPolicyEngine()
  load(engine, files)
  return engine
}

function load(engine: PolicyHolder, files: Readonly<Record<string, string>>): void {
  engine.load({ tenant: 'default', files, digest: digestJson(files), version: 1 })
}

function aCall(): PolicyInput {
  return {
    tenant: 'default',
    principal: { id: 'p1', kind: 'user', name: 'ann', roles: [] },
    method: 'tools/call',
    capability: { server: 'files', name: 'read', effect: 'read', openWorld: true, trusted: false },
    args: {},
    via: 'mcp',
    labels: [],
    found: [],
    dryRun: false,
  }
}
