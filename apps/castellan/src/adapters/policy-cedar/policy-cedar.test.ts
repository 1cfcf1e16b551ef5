import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  nested,
  type PolicyScenarios,
  type PolicyTexts,
  type RunningEngine,
  testPolicyEngine,
  testPolicyHolder,
  testRehearsal,
} from '../../gate/policy-engine.testsuite.ts'
import type { PolicyInput } from '../../gate/index.ts'
import { digestJson, isFault, type JsonObject } from '../../kernel/index.ts'
import { payment } from './fixtures/payment.ts'
import { cedarPolicyEngine } from './index.ts'

const anything = '@id("anything") permit (principal, action, resource);\n'

const scenarios: Omit<PolicyScenarios, 'unjudgeable'> = {
  allowAll: { 'all.cedar': anything },
  allowNothing: {},
  byRoleAndEffect: {
    'readers.cedar': '@id("readers") permit (principal, action, resource) when { resource.effect == Effect::"read" };',
    'operators.cedar': '@id("operators") permit (principal in Role::"operator", action, resource);',
  },
  forbidOverrides: {
    'all.cedar': anything,
    'forbid.cedar': '@id("no-open-world") forbid (principal, action, resource) when { resource.openWorld };',
  },
  byWhatWasSeen: {
    'all.cedar': anything,
    'seen.cedar': `@id("no-mixing") forbid (principal, action, resource)
        when { resource.openWorld && context.labels.contains("untrusted") };
      @id("no-secrets") forbid (principal, action, resource) when { context.found.contains(Metric::"secrets") };`,
  },
  byArguments: {
    'arguments.cedar': [
      ['in-tmp', 'context.text.hasTag("/path") && context.text.getTag("/path") like "/tmp/*"'],
      ['few', 'context.number.hasTag("/count") && context.number.getTag("/count") <= 10'],
      ['agreed', 'context.flag.hasTag("/agreed") && context.flag.getTag("/agreed")'],
      ['mine', 'context.text.hasTag("/owner") && context.text.getTag("/owner") == principal.name'],
      ['odd-keys', 'context.text.hasTag("/a~1b/c~0d") && context.text.getTag("/a~1b/c~0d") == "yes"'],
      ['second', 'context.text.hasTag("/list/1") && context.text.getTag("/list/1") == "yes"'],
    ]
      .map(([id, condition]) => `@id("${id}") permit (principal, action, resource) when { ${condition} };`)
      .join('\n'),
  },
  erring: {
    'all.cedar': anything,
    'erring.cedar': `forbid (principal, action, resource)
        when { context.number.hasTag("/count") && context.number.getTag("/count") == 1 &&
               context.number.getTag("/count") + 9223372036854775807 > 0 };`,
  },
}

const path = '/tmp/a'
const long = 'k'.repeat(100_000)
const unjudgeable: JsonObject[] = [
  { path, list: Array.from({ length: 100_000 }, () => 1) },
  { path, ...Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 'v'])) },
  { path, list: Array.from({ length: 20_000 }, () => ({})) },
  { path, deep: nested(1_000) },
  { path, deep: nested(20_000) },
  { path, [long]: Array.from({ length: 1_000 }, () => 1) },
  { path, broken: '\ud800' },
  { path, ['\ud800']: 'broken' },
]

const running = (options?: { readonly remembered: number }): RunningEngine => {
  const engine = cedarPolicyEngine(options)
  return { engine, give: async set => (engine.load(set), set.digest), stop: () => engine.close() }
}

testPolicyEngine('cedar', async () => running(), { ...scenarios, unjudgeable })
// Whatever is remembered must be no other decision than the one made anew.
testPolicyEngine('cedar, forgetful', async () => running({ remembered: 0 }), { ...scenarios, unjudgeable })
const texts: PolicyTexts = {
  ...scenarios,
  broken: {
    files: {
      'broken.cedar': '// é😀\n\npermit (principal, action, resource) when { resource.efect == Effect::"read" };\n',
    },
    file: 'broken.cedar',
  },
  foreignFile: { 'policy.rego': anything },
}
testPolicyHolder('cedar', cedarPolicyEngine, texts)
testRehearsal('cedar', cedarPolicyEngine, texts)

describe('Cedar policies', () => {
  const problemsOf = (text: string) =>
    cedarPolicyEngine()
      .check({ 'a.cedar': text })
      .map(({ line, message }) => `${line}: ${message}`)
  const holding = (files: Record<string, string>) => {
    const engine = cedarPolicyEngine()
    engine.load({ tenant: 'default', files, digest: digestJson(files), version: 1 })
    return engine
  }
  const scope = 'principal, action, resource'

  describe('that want approval', () => {
    const decide = (files: Record<string, string>, input = payment) =>
      holding(files).decide(input, new AbortController().signal)

    test('say so with their text and their name, each time', async () => {
      const engine = holding({
        'bank.cedar': `@id("pay") @require_approval("money leaves") permit (${scope});`,
        'other.cedar': `@require_approval permit (${scope}); permit (${scope});`,
      })
      for (let times = 0; times < 2; times++) {
        const { allow, obligations } = await engine.decide(payment, new AbortController().signal)
        assert.equal(allow, true)
        assert.deepEqual(obligations, {
          requireApproval: true,
          redact: false,
          dryRun: false,
          approvalReasons: ['money leaves (bank.cedar#pay)', 'other.cedar#1'],
        })
        assert.ok(Object.isFrozen(obligations))
      }
    })

    test('want nothing for what they do not permit, for what is forbidden, and for what became of a call', async () => {
      const wanting = `@require_approval("x") permit (principal, action, resource == Capability::"bank/pay");`
      const files = { 'a.cedar': wanting, 'b.cedar': `permit (${scope});` }
      const other = { ...payment, capability: { ...payment.capability, name: 'look' } }
      assert.equal((await decide(files, other)).obligations, undefined)
      assert.notEqual((await decide(files)).obligations, undefined)
      const forbidden = await decide({ ...files, 'c.cedar': `forbid (${scope});` })
      assert.deepEqual([forbidden.allow, forbidden.obligations], [false, undefined])
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'] as const) {
        const { allow, obligations } = await decide(files, { ...payment, method })
        assert.deepEqual([allow, obligations], [true, undefined])
      }
    })

    test('are permits, and say no more than a person reads', () => {
      assert.match(
        problemsOf(`@require_approval("x") forbid (${scope});`).join(),
        /^1: @require_approval stands before a permit/,
      )
      assert.match(problemsOf(`@require_approval("${'x'.repeat(501)}") permit (${scope});`).join(), /longer than 500/)
    })
  })

  test('a misspelt attribute, role, effect or action is an error with the right word in it', () => {
    const expected: [string, RegExp][] = [
      [`permit (${scope}) when { resource.efect == Effect::"read" };`, /efect.*did you mean `effect`/],
      [`permit (principal in Role::"operatr", action, resource);`, /operatr.*"operator"/],
      [`forbid (${scope}) when { resource.effect == Effect::"unsfe" };`, /unsfe.*"unsafe"/],
      [`forbid (${scope}) when { resource.effect == "unsafe" };`, /not compatible/],
      [`permit (principal, action == Action::"cal", resource);`, /cal.*did you mean.*call/],
      [`forbid (${scope}) when { principal.kind == Kind::"robot" };`, /robot.*"agent"/],
      [`forbid (${scope}) when { context.via == Surface::"web" };`, /web.*"mcp"/],
    ]
    for (const [text, message] of expected) {
      const problems = problemsOf(`\n${text}`)
      assert.match(problems.join(), message)
      assert.match(problems[0]!, /^2: /)
    }
  })

  test('an argument is read only after asking whether it is there', () => {
    assert.match(problemsOf(`permit (${scope}) when { context.text.getTag("/path") like "/tmp/*" };`).join(), /hasTag/)
  })

  test('every mistake in the grammar is found, with its line', () => {
    const problems = problemsOf(`permit (${scope}) when { resource.name = "x" };\n\n\npermit (foo, action, resource);`)
    assert.match(problems[0]!, /^1: '=' is not a valid operator.*'=='/)
    assert.match(problems[1]!, /^4: .*foo/)
  })

  test('two policies with one id are an error at the second, also when the other has it by its number', () => {
    const twice = `@id("a") permit (${scope});\n@id("a") forbid (${scope});`
    assert.match(problemsOf(twice).join(), /^2: the id "a" is used twice/)
    assert.match(problemsOf(`@id("2") permit (${scope});\nforbid (${scope});`).join(), /^2: the id "2" is used twice/)
  })

  test('a template is an error, since nothing would ever fill it in', () => {
    assert.match(problemsOf(`\npermit (principal == ?principal, action, resource);`).join(), /^2: a template/)
  })

  test('a text that would exhaust the engine is a problem, and the engine goes on', async () => {
    const engine = holding({ 'all.cedar': anything })
    for (const condition of [
      `${'('.repeat(200)}true${')'.repeat(200)}`,
      `${'['.repeat(5_000)}1${']'.repeat(5_000)} == [1]`,
      `${Array(5_000).fill('1').join(' + ')} == 1`,
      `${'if true then '.repeat(1_000)}true${' else false'.repeat(1_000)}`,
      `principal${'.name'.repeat(5_000)} == "a"`,
    ]) {
      const files = { 'deep.cedar': `permit (${scope}) when { ${condition} };` }
      assert.match(engine.check(files)[0]!.message, /nested too deeply/)
      assert.throws(
        () => engine.load({ tenant: 'default', files, digest: digestJson(files), version: 2 }),
        error => isFault(error, 'POLICY_INVALID'),
      )
    }
    assert.deepEqual(engine.check({ 'all.cedar': anything }), [])
    assert.equal((await engine.decide(aCall(), signal)).allow, true)
  })

  test('text that is too long, or not Unicode, is a problem', () => {
    assert.match(problemsOf(`// ${'x'.repeat(600_000)}`).join(), /longer than/)
    assert.match(problemsOf('// \ud800').join(), /Unicode/)
  })

  test('a question that Cedar chokes on is denied, and every tenant keeps its policies', async () => {
    const engine = holding({ 'all.cedar': anything })
    engine.load({ tenant: 'other', files: {}, digest: digestJson({}), version: 1 })
    for (let round = 0; round < 3; round++) {
      const decision = await engine.decide({ ...aCall(), via: 'a lone surrogate \ud800' }, signal)
      assert.equal(decision.allow, false)
      assert.deepEqual(decision.reasons, ['the policy engine failed'])
      assert.equal((await engine.decide(aCall(), signal)).allow, true)
      assert.equal((await engine.decide({ ...aCall(), tenant: 'other' }, signal)).allow, false)
    }
  })

  test('a value that is in none of the lists of the schema is denied', async () => {
    const engine = holding({ 'all.cedar': anything })
    assert.equal((await engine.decide({ ...aCall(), via: 'pigeon' }, signal)).allow, false)
    const roles = ['emperor'] as unknown as PolicyInput['principal']['roles']
    assert.equal((await engine.decide({ ...aCall(), principal: { ...aCall().principal, roles } }, signal)).allow, false)
  })

  test('a reason is the file and the id of a policy, or its number where it has none', async () => {
    const unnamed = Array.from(
      { length: 12 },
      (_, index) => `permit (${scope}) when { resource.name == "tool ${index + 1}" };`,
    )
    const engine = holding({
      'many.cedar': unnamed.join('\n'),
      'named.cedar': `@id("x") permit (${scope}) when { resource.trusted };`,
    })
    for (const number of [1, 2, 9, 10, 11, 12]) {
      const decision = await engine.decide(aCall({ name: `tool ${number}` }), signal)
      assert.deepEqual(decision.reasons, [`many.cedar#${number}`])
    }
    const both = await engine.decide(aCall({ name: 'tool 3', trusted: true }), signal)
    assert.deepEqual(both.reasons, ['many.cedar#3', 'named.cedar#x'])
  })

  test('servers and capabilities can be named in the head of a policy', async () => {
    const engine = holding({
      'a.cedar': `permit (principal, action, resource in Server::"files");
                  forbid (principal, action, resource == Capability::"files/remove");`,
    })
    assert.equal((await engine.decide(aCall(), signal)).allow, true)
    assert.equal((await engine.decide(aCall({ name: 'remove' }), signal)).allow, false)
    assert.equal((await engine.decide(aCall({ server: 'other' }), signal)).allow, false)
  })

  test('two engines in one process hold their own policies', async () => {
    const one = holding({ 'all.cedar': anything })
    const other = holding({})
    assert.equal((await one.decide(aCall(), signal)).allow, true)
    assert.equal((await other.decide(aCall(), signal)).allow, false)
  })
})

const signal = new AbortController().signal

function aCall(capability: Partial<PolicyInput['capability']> = {}): PolicyInput {
  return {
    tenant: 'default',
    principal: { id: 'p1', kind: 'user', name: 'ann', roles: [] },
    method: 'tools/call',
    capability: { server: 'files', name: 'read', effect: 'read', openWorld: true, trusted: false, ...capability },
    args: {},
    via: 'mcp',
    labels: [],
    found: [],
    dryRun: false,
  }
}
