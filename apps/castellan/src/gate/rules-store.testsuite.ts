import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { digestJson, newId } from '../kernel/index.ts'
import type { Entry, JournalStore } from '../journal/index.ts'
import { aLine, linesBeside } from '../journal/fixtures/a-line.ts'
import type { Limits } from './limits.ts'
import type { PolicySet, PolicyVersion } from './policy-engine.ts'
import type { RulesStore } from './rules-store.ts'

export interface OpenRulesStore {
  readonly rules: RulesStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every rules store promises. All tests share one store. */
export function rulesStoreSuite(name: string, open: () => Promise<OpenRulesStore>, skip: string | false): void {
  describe(`${name} is a rules store`, { skip }, () => {
    let opened: OpenRulesStore
    let store: RulesStore
    before(async () => {
      opened = await open()
      store = opened.rules
    })
    after(() => opened?.close())

    const anEntry = () => aLine(opened.journal)
    const written = (entry: Entry) => linesBeside(entry, opened.journal)
    const conflict = { code: 'VERSION_CONFLICT' }

    test('the policy set of a tenant reads back, file by file, and is replaced version by version', async () => {
      const set = aPolicySet({ 'starter.cedar': 'permit (principal, action, resource);\r\n// Ü\n' })
      await store.savePolicySet(set, [anEntry()])
      const next: PolicyVersion = {
        ...aPolicySet({ 'a.cedar': '', 'b.cedar': 'x' }),
        tenant: set.tenant,
        version: 2,
        restores: 1,
      }
      const [entry, refused] = [anEntry(), anEntry()]
      await store.savePolicySet(next, [entry])
      assert.equal(await written(entry), 1)
      assert.deepEqual(
        (await store.policySets()).filter(each => each.tenant === set.tenant),
        [inForce(next)],
      )
      await assert.rejects(store.savePolicySet(next, [refused]), conflict)
      await assert.rejects(store.savePolicySet(set, [refused]), conflict)
      await assert.rejects(store.savePolicySet({ ...aPolicySet({}), version: 2 }, [refused]), conflict)
      assert.equal(await written(refused), 0)
    })

    test('every version is kept with who, when and what, and is found by its number and its digest', async () => {
      const tenant = newId()
      const first = { ...aPolicySet({ 'b.cedar': '// Ü', 'a.cedar': '' }), tenant }
      const second = { ...aPolicySet({ 'a.cedar': 'x' }), tenant, version: 2, principal: 'ben' }
      const third = { ...first, version: 3, restores: 1, at: '2026-01-03T00:00:00.000Z' }
      for (const version of [first, second, third]) await store.savePolicySet(version, [anEntry()])
      const summary = (version: PolicyVersion) => ({ ...version, files: Object.keys(version.files) })
      assert.deepEqual(await store.policyVersions(tenant, null, 10), [third, second, first].map(summary))
      assert.deepEqual(await store.policyVersions(tenant, 3, 1), [summary(second)])
      assert.deepEqual(await store.policyVersions(newId(), null, 10), [])
      assert.deepEqual(await store.policyVersion(tenant, 1), first)
      assert.deepEqual(await store.policyVersion(tenant, second.digest), second)
      assert.deepEqual(await store.policyVersion(tenant, first.digest), third, 'the newest of those that are equal')
      for (const which of [0, 4, 'sha256:none'])
        assert.equal(await store.policyVersion(tenant, which), undefined, String(which))
      assert.equal(await store.policyVersion(newId(), 1), undefined)
    })

    test('a version that is refused is not kept', async () => {
      const set = aPolicySet({})
      await store.savePolicySet(set, [anEntry()])
      await assert.rejects(store.savePolicySet({ ...set, version: 3 }, [anEntry()]), conflict)
      assert.equal((await store.policyVersions(set.tenant, null, 10)).length, 1)
    })

    test('limits read back, change version by version, and have names unique in their tenant', async () => {
      const tenant = newId()
      const [b, a] = [someLimits(tenant, 'b'), someLimits(tenant, 'a')]
      await store.saveLimits(b, [])
      await store.saveLimits(a, [])
      const changed: Limits = { ...a, to: { principal: newId() }, allow: [], maxSteps: 0, version: 2 }
      await store.saveLimits(changed, [])
      assert.deepEqual(await store.limits(tenant), [changed, b])
      assert.deepEqual(await store.limits(newId()), [])
      assert.ok((await store.limits()).some(({ id }) => id === b.id))
      await assert.rejects(store.saveLimits(changed, []), conflict)
      await assert.rejects(store.saveLimits(someLimits(tenant, 'a'), []), { code: 'NAME_TAKEN' })
      await assert.rejects(store.saveLimits({ ...b, name: 'a', version: 2 }, []), { code: 'NAME_TAKEN' })
    })

    test('limits are removed from their own tenant only, and removing what is gone says nothing', async () => {
      const tenant = newId()
      const limits = someLimits(tenant, 'l')
      await store.saveLimits(limits, [])
      const [foreign, real, late] = [anEntry(), anEntry(), anEntry()]
      await store.removeLimits(newId(), limits.id, [foreign])
      assert.equal((await store.limits(tenant)).length, 1)
      await store.removeLimits(tenant, limits.id, [real])
      await store.removeLimits(tenant, limits.id, [late])
      assert.deepEqual(await store.limits(tenant), [])
      assert.deepEqual([await written(foreign), await written(real), await written(late)], [0, 1, 0])
    })
  })
}

function aPolicySet(files: Readonly<Record<string, string>>): PolicyVersion {
  return {
    tenant: newId(),
    files,
    digest: digestJson(files),
    version: 1,
    at: '2026-01-01T00:00:00.000Z',
    principal: 'ann',
    restores: null,
  }
}

function inForce({ tenant, files, digest, version }: PolicyVersion): PolicySet {
  return { tenant, files, digest, version }
}

function someLimits(tenant: string, name: string): Limits {
  return {
    id: newId(),
    tenant,
    name,
    to: { role: 'member' },
    allow: null,
    block: ['*/delete_*'],
    noNetwork: true,
    dryRun: false,
    maxSteps: 20,
    perPrincipal: { calls: 10, per: 60_000 },
    perTool: null,
    version: 1,
  }
}
