import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cedarPolicyEngine } from '../adapters/policy-cedar/index.ts'
import { openSqlite } from '../adapters/store-sql/index.ts'
import type { Actor } from '../identity/index.ts'
import { Journal } from '../journal/index.ts'
import { digestJson, newId, systemClock } from '../kernel/index.ts'
import { Rules } from './rules.ts'
import type { RulesStore } from './rules-store.ts'

const good = { 'a.cedar': '@id("a") permit (principal, action, resource);' }
const better = { 'b.cedar': '@id("b") permit (principal, action, resource);' }
const bad = { 'c.cedar': 'permit (principal, action, resource) when { resource.colour == "red" };' }

describe('a bad policy set', () => {
  let folder: string
  let stores: Awaited<ReturnType<typeof openSqlite>>
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'castellan-rules-'))
    stores = await openSqlite({ folder, clock: systemClock })
  })
  after(async () => {
    await stores.close()
    await rm(folder, { recursive: true })
  })

  const installation = (store: RulesStore = stores.rules) => {
    const engine = cedarPolicyEngine()
    const rules = new Rules(store, new Journal(stores.journal, systemClock), engine)
    const actor: Actor = { tenant: newId(), principal: 'ann', correlationId: 'c' }
    const decide = async (tenant = actor.tenant) => {
      const decision = await engine.decide(
        {
          tenant,
          principal: { id: 'p', kind: 'user', name: 'p', roles: [] },
          method: 'tools/call',
          capability: { server: 's', name: 'n', effect: 'read', openWorld: false, trusted: true },
          args: {},
          labels: [],
          found: [],
          via: 'mcp',
          dryRun: false,
        },
        new AbortController().signal,
      )
      return decision.allow ? decision.reasons.join() : 'no'
    }
    return { rules, actor, decide }
  }
  const invalid = { code: 'POLICY_INVALID' }

  test('does not replace a good one, is no version, and leaves no line', async () => {
    const { rules, actor, decide } = installation()
    const set = await rules.putPolicies(good, actor)
    await assert.rejects(rules.putPolicies({ ...better, ...bad }, actor), invalid)
    assert.equal(await decide(), 'a.cedar#a')
    assert.deepEqual(rules.policySet(actor.tenant), set)
    assert.equal((await rules.policyHistory(actor.tenant, null, 10)).length, 1)
    assert.equal((await stores.journal.readStream(actor.tenant, `policy:${actor.tenant}`)).length, 1)
  })

  test('does not replace a good one at a rollback', async () => {
    const { rules, actor, decide } = installation({
      ...stores.rules,
      policyVersion: async (tenant, which) => {
        const found = await stores.rules.policyVersion(tenant, which)
        return found && which === 1 ? { ...found, files: bad } : found
      },
    })
    await rules.putPolicies(good, actor)
    const set = await rules.putPolicies(better, actor)
    await assert.rejects(rules.restorePolicies(1, actor), invalid)
    assert.deepEqual([await decide(), rules.policySet(actor.tenant)], ['b.cedar#b', set])
    await assert.rejects(rules.restorePolicies(7, actor), { code: 'NOT_FOUND' })
  })

  test('that was good when it was stored denies its own tenant at the next start, and nobody else', async () => {
    const [spoilt, sound] = [installation(), installation()]
    await spoilt.rules.putPolicies(good, spoilt.actor)
    await sound.rules.putPolicies(good, sound.actor)
    const { tenant } = spoilt.actor
    const restarted = installation({
      ...stores.rules,
      policySets: async () =>
        (await stores.rules.policySets()).map(set => (set.tenant === tenant ? { ...set, files: bad } : set)),
    })
    const refused = await restarted.rules.load()
    assert.deepEqual(refused.map(each => each.tenant), [tenant]) // prettier-ignore
    assert.deepEqual([await restarted.decide(tenant), await restarted.decide(sound.actor.tenant)], ['no', 'a.cedar#a'])
    const { inForce } = restarted.rules.rehearse(tenant, good)
    assert.equal(inForce.digest, 'none', 'what is tried is compared with what really decides')
    await restarted.rules.putPolicies(better, spoilt.actor)
    assert.equal(await restarted.decide(tenant), 'b.cedar#b')
  })

  test('a rollback is a version of its own, told in the journal; to what is in force already it is none', async () => {
    const { rules, actor, decide } = installation()
    await rules.putPolicies(good, actor)
    await rules.putPolicies(better, actor)
    const back = await rules.restorePolicies(1, actor)
    assert.deepEqual([back.version, back.files, await decide()], [3, good, 'a.cedar#a'])
    assert.equal((await rules.restorePolicies(1, actor)).version, 3)
    const lines = await stores.journal.readStream(actor.tenant, `policy:${actor.tenant}`)
    assert.deepEqual(
      lines.map(({ data }) => [data['version'], data['restores'], data['digest']]),
      [
        [1, undefined, digestJson(good)],
        [2, undefined, digestJson(better)],
        [3, 1, digestJson(good)],
      ],
    )
    assert.equal((await rules.policyVersion(actor.tenant, digestJson(good))).version, 3)
    assert.equal(await rules.versionOf(actor.tenant, 'sha256:other'), null)
  })
})
