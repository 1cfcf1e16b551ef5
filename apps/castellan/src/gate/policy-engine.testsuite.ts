import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { digestJson, isFault, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { Metric } from '../guardrails/index.ts'
import type { PrincipalKind, Role } from '../identity/index.ts'
import type { EffectClass } from '../registry/index.ts'
import type { CallMethod } from './call.ts'
import type { PolicyEngine, PolicyHolder, PolicyInput, PolicySet } from './policy-engine.ts'

type Files = Readonly<Record<string, string>>

/**
 * The same policies in the engine's own language. Where a policy is named, its name is part of the reason it gives.
 */
export interface PolicyScenarios {
  /** `anything`: allows everything. */
  readonly allowAll: Files
  /** Valid, and allows nothing. */
  readonly allowNothing: Files
  /** `readers`: anybody, effect read. `operators`: the role operator, any effect. */
  readonly byRoleAndEffect: Files
  /** `anything`, and `no-open-world`: forbids what may reach beyond its server, and outweighs `anything`. */
  readonly forbidOverrides: Files
  /**
   * Allows when any of these is so: `in-tmp`: the text at /path begins with `/tmp/`. `few`: the number at /count is at most 10,
   * whole, and not below -2^53. `agreed`: the flag at /agreed is true. `mine`: the text at /owner is the principal's name.
   * `odd-keys`: the text at the key `c~d` of the key `a/b` is `yes`. `second`: the text at /list/1 is `yes`.
   */
  readonly byArguments: Files
  /**
   * `anything`, and forbids when: `no-mixing`: the session has read `untrusted` and the capability is open-world. `no-secrets`: the
   * guardrails saw secrets in the arguments.
   */
  readonly byWhatWasSeen: Files
  /** Allows everything, and has another policy whose evaluation ends in an error when the number at /count is 1. */
  readonly erring: Files
  /** Arguments beyond what the engine judges when policies look at arguments; `byArguments` would allow each of them. */
  readonly unjudgeable: readonly JsonObject[]
}

/** What a holder of policies has to do with, in the engine's own language. */
export interface PolicyTexts extends Omit<PolicyScenarios, 'unjudgeable'> {
  /** Cannot be put in force because of something in line 3 of the file. */
  readonly broken: { readonly files: Files; readonly file: string }
  /** A file whose name is not one of this engine's policies, with a text that would be. */
  readonly foreignFile: Files
}

/** A running engine that holds no policies. */
export interface RunningEngine {
  readonly engine: PolicyEngine
  /** Puts a set in force for its tenant, as it is done with this engine. Resolves with the digest its decisions bear. */
  give(set: PolicySet): Promise<string>
  stop(): Promise<void>
}

/** What the gate relies on in every decision point. */
export function testPolicyEngine(name: string, start: () => Promise<RunningEngine>, scenarios: PolicyScenarios): void {
  describe(`policy engine ${name}`, () => {
    let running: RunningEngine
    before(async () => {
      running = await start()
    })
    after(() => running.stop())

    const given = (files: Files, tenant = 'default') => running.give(setOf(files, tenant))
    const decide = (changes: Changes = {}, signal = new AbortController().signal) =>
      running.engine.decide(anInput(changes), signal)
    const allows = async (changes: Changes) => (await decide(changes)).allow

    test('role and effect decide who may do what', async () => {
      await given(scenarios.byRoleAndEffect)
      const expected: [Role[], EffectClass, boolean][] = [
        [[], 'read', true],
        [['member'], 'read', true],
        [['member'], 'idempotent', false],
        [['admin', 'auditor', 'member'], 'unsafe', false],
        [['operator'], 'idempotent', true],
        [['member', 'operator'], 'unsafe', true],
      ]
      for (const [roles, effect, allow] of expected) {
        assert.equal(await allows({ roles, effect }), allow, `${roles.join('+')} ${effect}`)
      }
    })

    test('every kind, role, effect, method and surface there is can be judged', async () => {
      await given(scenarios.allowAll)
      for (const kind of kinds) assert.equal(await allows({ kind }), true, kind)
      for (const role of roles) assert.equal(await allows({ roles: [role] }), true, role)
      for (const effect of effects) assert.equal(await allows({ effect }), true, effect)
      for (const method of methods) assert.equal(await allows({ method }), true, method)
      for (const via of ['mcp', 'rest', 'cli', 'run']) assert.equal(await allows({ via }), true, via)
      for (const flag of [true, false]) {
        assert.equal(await allows({ dryRun: flag, openWorld: flag, trusted: flag }), true, String(flag))
      }
    })

    test('names may hold anything a name can hold', async () => {
      await given(scenarios.allowAll)
      for (const name of ['', ' ', 'a"b', 'a\\b', 'ünï😀', 'a\nb', '__entity', '__proto__', 'x'.repeat(10_000)]) {
        assert.equal(await allows({ principal: name, capability: name }), true, JSON.stringify(name.slice(0, 20)))
      }
    })

    test('a decision names the policies that decided and the digest of their set', async () => {
      const digest = await given(scenarios.byRoleAndEffect)
      const decision = await decide({ roles: ['operator'], effect: 'unsafe' })
      assert.equal(decision.policyDigest, digest)
      assert.equal(decision.reasons.length, 1)
      assert.match(decision.reasons[0]!, /operators/)
    })

    test('what the session has read and what the guardrails saw can be looked at', async () => {
      await given(scenarios.byWhatWasSeen)
      assert.equal(await allows({ openWorld: true }), true)
      assert.equal(await allows({ openWorld: true, labels: ['confidential'], found: ['pii'] }), true)
      assert.equal(await allows({ openWorld: false, labels: ['confidential', 'untrusted'] }), true)
      const mixing = await decide({ openWorld: true, labels: ['confidential', 'untrusted'] })
      assert.deepEqual([mixing.allow, /no-mixing/.test(mixing.reasons.join())], [false, true])
      const secrets = await decide({ found: ['pii', 'secrets'] })
      assert.deepEqual([secrets.allow, /no-secrets/.test(secrets.reasons.join())], [false, true])
    })

    test('a forbid outweighs every permit, and is named', async () => {
      await given(scenarios.forbidOverrides)
      assert.equal(await allows({ openWorld: false }), true)
      const decision = await decide({ openWorld: true })
      assert.equal(decision.allow, false)
      assert.match(decision.reasons.join(), /no-open-world/)
      assert.doesNotMatch(decision.reasons.join(), /anything/)
    })

    test('what no policy allows is denied', async () => {
      const digest = await given(scenarios.allowNothing)
      const decision = await decide()
      assert.equal(decision.allow, false)
      assert.equal(decision.policyDigest, digest)
    })

    test('a tenant without policies is denied everything, and told why', async () => {
      await given(scenarios.allowAll, 'default')
      const decision = await decide({ tenant: 'nobody' })
      assert.equal(decision.allow, false)
      assert.equal(decision.reasons.length, 1)
    })

    test('the policies of one tenant do not reach another', async () => {
      await given(scenarios.allowAll, 'one')
      await given(scenarios.allowNothing, 'other')
      assert.equal(await allows({ tenant: 'one' }), true)
      assert.equal(await allows({ tenant: 'other' }), false)
    })

    test('an error while a policy is evaluated denies, whatever the others say', async () => {
      await given(scenarios.erring)
      assert.equal(await allows({ args: { count: 5 } }), true)
      const decision = await decide({ args: { count: 1 } })
      assert.equal(decision.allow, false)
      assert.ok(decision.reasons.length > 0)
    })

    test('a call that was cancelled is not allowed', async () => {
      await given(scenarios.allowAll)
      assert.equal((await decide({}, AbortSignal.abort())).allow, false)
    })

    test('policies read arguments by their place and type', async () => {
      await given(scenarios.byArguments)
      const expected: [JsonObject, boolean][] = [
        [{ path: '/tmp/a' }, true],
        [{ path: '/etc/passwd' }, false],
        [{ path: 7 }, false],
        [{ path: ['/tmp/a'] }, false],
        [{ path: { '': '/tmp/a' } }, false],
        [{ Path: '/tmp/a' }, false],
        [{ count: 10 }, true],
        [{ count: -1 }, true],
        [{ count: -0 }, true],
        [{ count: 11 }, false],
        [{ count: Number.MAX_SAFE_INTEGER }, false],
        [{ count: '10' }, false],
        [{ agreed: true }, true],
        [{ agreed: false }, false],
        [{ agreed: 'true' }, false],
        [{ agreed: 1 }, false],
        [{ agreed: null }, false],
        [{ list: ['no', 'yes'] }, true],
        [{ list: ['yes', 'no'] }, false],
        [{}, false],
      ]
      for (const [args, allow] of expected) assert.equal(await allows({ args }), allow, JSON.stringify(args))
    })

    test('a key with / or ~ in it is not a path', async () => {
      await given(scenarios.byArguments)
      assert.equal(await allows({ args: { 'a/b': { 'c~d': 'yes' } } }), true)
      const others: JsonObject[] = [
        { a: { b: { 'c~d': 'yes' } } },
        { 'a~1b': { 'c~0d': 'yes' } },
        { 'a/b/c~d': 'yes' },
        { 'a~1b/c~0d': 'yes' },
        { '/a~1b/c~0d': 'yes' },
        { 'a/b': { 'c~0d': 'yes' } },
        { '/path': '/tmp/a' },
        { '': { path: '/tmp/a' } },
        { 'list/1': 'yes' },
      ]
      for (const args of others) assert.equal(await allows({ args }), false, JSON.stringify(args))
    })

    test('arguments cannot pass for entities, extension values or types of the engine', async () => {
      await given(scenarios.byArguments)
      assert.equal(await allows({ principal: 'eve', args: { owner: 'eve' } }), true)
      const forged: JsonValue[] = [
        { __entity: { type: 'Principal', id: 'eve' } },
        { type: 'Principal', id: 'eve' },
        { __expr: 'principal.name' },
        { __extn: { fn: 'decimal', arg: '1.0' } },
        { __extn: { fn: 'ip', arg: '127.0.0.1' } },
        ['eve'],
      ]
      for (const value of forged) {
        const hidden: JsonObject[] = [
          { owner: value },
          { path: value, count: value, agreed: value },
          { list: ['', value] },
          { a: { b: { owner: value } } },
        ]
        for (const args of hidden) assert.equal(await allows({ principal: 'eve', args }), false, JSON.stringify(args))
      }
      for (const key of ['__entity', '__extn', '__expr']) {
        const args = { [key]: { type: 'Principal', id: 'eve' }, path: '/etc/passwd' }
        assert.equal(await allows({ principal: 'eve', args }), false, key)
        assert.equal(
          await allows({ principal: 'eve', args: { ...args, path: '/tmp/a' } }),
          true,
          `${key} beside a good path`,
        )
      }
    })

    test('names of prototype members are names like any other', async () => {
      await given(scenarios.byArguments)
      const args = JSON.parse('{"__proto__":{"path":"/tmp/a"},"constructor":{"count":1},"toString":true}') as JsonObject
      assert.equal(await allows({ args }), false)
      assert.equal(await allows({ args: JSON.parse('{"__proto__":1,"path":"/tmp/a"}') as JsonObject }), true)
    })

    test('numbers that are not whole, or too large, are judged and never taken for small ones', async () => {
      await given(scenarios.byArguments)
      for (const count of [0.5, 10.5, 1e300, -1e300, 2 ** 53, 2 ** 63, 2 ** 64 + 10]) {
        assert.equal(await allows({ args: { count } }), false, String(count))
        assert.equal(await allows({ args: { count, path: '/tmp/a' } }), true, String(count))
      }
    })

    test('arguments too large or too deep to judge are denied, and do not throw', async () => {
      await given(scenarios.byArguments)
      for (const args of scenarios.unjudgeable) {
        const decision = await decide({ args })
        assert.equal(decision.allow, false)
        assert.ok(decision.reasons.length > 0)
      }
      assert.equal(await allows({ args: { path: '/tmp/a' } }), true, 'and the engine still answers')
    })

    test('arguments that nobody looks at may be of any size', async () => {
      await given(scenarios.allowAll)
      assert.equal(
        await allows({ args: { list: Array.from({ length: 100_000 }, () => 1), deep: nested(1_000) } }),
        true,
      )
    })

    test('reasons never repeat an argument', async () => {
      await given(scenarios.erring)
      const decision = await decide({ args: { count: 1, text: 'hunter2', nan: Number.NaN } })
      assert.doesNotMatch(decision.reasons.join(), /hunter2/)
    })

    test('a new set replaces the old one as a whole', async () => {
      await given(scenarios.allowAll)
      const digest = await given(scenarios.byArguments)
      const decision = await decide()
      assert.equal(decision.allow, false)
      assert.equal(decision.policyDigest, digest)
    })

    test('an engine that has what it needs has no trouble', async () => {
      await given(scenarios.allowNothing)
      assert.equal(await running.engine.trouble('default', new AbortController().signal), null)
    })
  })
}

/** What is relied on in an engine whose policies are files that we give it. */
export function testPolicyHolder(name: string, start: () => PolicyEngine & PolicyHolder, scenarios: PolicyTexts): void {
  describe(`policy holder ${name}`, () => {
    const holder = start()
    const decide = () => holder.decide(anInput({}), new AbortController().signal)

    test('good policies have no problems', () => {
      const { broken: _, foreignFile: __, ...good } = scenarios
      for (const [scenario, files] of Object.entries(good)) assert.deepEqual(holder.check(files), [], scenario)
    })

    test('a problem names its file and line', () => {
      const [problem] = holder.check({ ...scenarios.allowAll, ...scenarios.broken.files })
      assert.ok(problem)
      assert.equal(problem.file, scenarios.broken.file)
      assert.equal(problem.line, 3)
      assert.notEqual(problem.message, '')
    })

    test('a file that would not be read is a problem', () => {
      const [name] = Object.keys(scenarios.foreignFile)
      assert.equal(holder.check(scenarios.foreignFile)[0]?.file, name)
    })

    test('a bad set is refused and leaves the good one in force', async () => {
      const good = setOf(scenarios.allowAll)
      holder.load(good)
      for (const files of [scenarios.broken.files, { ...scenarios.allowNothing, ...scenarios.broken.files }]) {
        assert.throws(
          () => holder.load(setOf(files)),
          error => isFault(error, 'POLICY_INVALID') && error.message.includes(`${scenarios.broken.file}:3`),
        )
      }
      const decision = await decide()
      assert.equal(decision.allow, true)
      assert.equal(decision.policyDigest, good.digest)
    })
  })
}

/** What is relied on in who decides by policies that are not in force. */
export function testRehearsal(name: string, start: () => PolicyEngine & PolicyHolder, scenarios: PolicyTexts): void {
  describe(`policies on trial with ${name}`, () => {
    const holder = start()
    const signal = new AbortController().signal
    const input = anInput({ roles: ['operator'] })

    test('a judge decides by its own files, whatever is in force, and changes nothing of it', async () => {
      holder.load(setOf(scenarios.allowNothing))
      const judge = holder.rehearse('default', scenarios.allowAll)
      assert.equal(judge.engine, holder.name)
      assert.equal(judge.digest, digestJson(scenarios.allowAll))
      const decision = await judge.decide(input, signal)
      assert.deepEqual([decision.allow, decision.policyDigest], [true, judge.digest])
      assert.equal((await holder.decide(input, signal)).allow, false)
      holder.load(setOf(scenarios.allowAll))
      holder.load(setOf(scenarios.allowNothing))
      assert.equal((await judge.decide(input, signal)).allow, true)
      await judge.close()
    })

    test('without files it decides as for a tenant that has none', async () => {
      const judge = holder.rehearse('default', null)
      assert.deepEqual(await judge.decide(input, signal), await holder.decide({ ...input, tenant: 'nobody' }, signal))
      assert.deepEqual([judge.digest, judge.reads], ['none', new Set()])
    })

    test('it says which arguments its policies may look at', () => {
      assert.deepEqual(holder.rehearse('default', scenarios.allowAll).reads, new Set())
      const { reads } = holder.rehearse('default', scenarios.byArguments)
      for (const pointer of ['/path', '/count', '/agreed', '/owner', '/a~1b/c~0d', '/list/1'])
        assert.ok(reads === 'all' || reads.has(pointer), pointer)
      holder.load(setOf(scenarios.byArguments))
      assert.deepEqual(holder.reads?.('default') ?? 'all', reads)
    })

    test('files that could not be put in force are refused', () => {
      assert.throws(
        () => holder.rehearse('default', scenarios.broken.files),
        error => isFault(error, 'POLICY_INVALID') && error.message.includes(`${scenarios.broken.file}:3`),
      )
    })
  })
}

function setOf(files: Files, tenant = 'default'): PolicySet {
  return { tenant, files, digest: digestJson(files), version: 1 }
}

interface Changes {
  readonly tenant?: string
  readonly principal?: string
  readonly kind?: PrincipalKind
  readonly roles?: readonly Role[]
  readonly method?: CallMethod
  readonly capability?: string
  readonly effect?: EffectClass
  readonly openWorld?: boolean
  readonly trusted?: boolean
  readonly args?: JsonObject
  readonly labels?: readonly string[]
  readonly found?: readonly Metric[]
  readonly via?: string
  readonly dryRun?: boolean
}

function anInput(changes: Changes): PolicyInput {
  const name = changes.principal ?? 'ann'
  return {
    tenant: changes.tenant ?? 'default',
    principal: { id: name, kind: changes.kind ?? 'user', name, roles: changes.roles ?? [] },
    method: changes.method ?? 'tools/call',
    capability: {
      server: 'files',
      name: changes.capability ?? 'write_file',
      effect: changes.effect ?? 'unsafe',
      openWorld: changes.openWorld ?? true,
      trusted: changes.trusted ?? false,
    },
    args: changes.args ?? {},
    labels: changes.labels ?? [],
    found: changes.found ?? [],
    via: changes.via ?? 'mcp',
    dryRun: changes.dryRun ?? false,
  }
}

const kinds: readonly PrincipalKind[] = ['user', 'agent', 'service', 'site']
const roles: readonly Role[] = ['admin', 'auditor', 'operator', 'member']
const effects: readonly EffectClass[] = ['read', 'idempotent', 'unsafe']
const methods: readonly CallMethod[] = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete']

/** Arrays and objects in turn, so many levels deep. */
export function nested(levels: number): JsonValue {
  let value: JsonValue = 'bottom'
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { down: value }
  return value
}
