import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isoTime, newId, systemClock } from '../kernel/index.ts'
import { type Entry, Journal, type JournalStore } from '../journal/index.ts'
import { aLine, linesBeside } from '../journal/fixtures/a-line.ts'
import type { Approval } from './approval.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { ApprovalStore } from './approval-store.ts'
import { anApproval } from './fixtures/approval.ts'
import type { Notice } from './notice.ts'

export interface OpenApprovalStore {
  readonly approvals: ApprovalStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every approval store promises. All tests share one store. */
export function approvalStoreSuite(name: string, open: () => Promise<OpenApprovalStore>, skip: string | false): void {
  describe(`${name} is an approval store`, { skip }, () => {
    let opened: OpenApprovalStore
    let store: ApprovalStore
    before(async () => {
      opened = await open()
      store = opened.approvals
    })
    after(() => opened?.close())

    const anEntry = () => aLine(opened.journal)
    const written = (entry: Entry) => linesBeside(entry, opened.journal)
    const conflict = { code: 'VERSION_CONFLICT' }
    const own = (given: Partial<Approval> = {}) => anApproval({ tenant: newId(), ...given })

    test('a question reads back as it was asked, with its line and its arguments, in its tenant alone', async () => {
      const approval = own()
      const entry = anEntry()
      const blob = new Journal(opened.journal, systemClock).sealBlob(approval.tenant, { sum: 5 })
      await store.ask(approval, null, [entry], [blob])
      assert.deepEqual(await store.approval(approval.tenant, approval.id), approval)
      assert.deepEqual(await store.newest(approval.tenant, approval.binding), approval)
      assert.equal(await written(entry), 1)
      assert.ok(await opened.journal.blob(approval.tenant, blob.digest))
      const other = newId()
      assert.equal(await store.approval(other, approval.id), undefined)
      assert.equal(await store.newest(other, approval.binding), undefined)
      assert.deepEqual(await store.approvals(other, {}, null, 10), [])
      await assert.rejects(store.save({ ...approval, tenant: other, version: 2 }, []), conflict)
    })

    test('of many who ask the same at once one does, and nothing is left of the others', async () => {
      const { tenant, binding } = own()
      const asked = Array.from({ length: 8 }, () => ({ approval: own({ tenant, binding }), entry: anEntry() }))
      const results = await Promise.allSettled(
        asked.map(({ approval, entry }) => store.ask(approval, null, [entry], [])),
      )
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const result of results) if (result.status === 'rejected') assert.equal(result.reason.code, conflict.code)
      const lines = await Promise.all(asked.map(({ entry }) => written(entry)))
      assert.equal(
        lines.reduce((sum, each) => sum + each),
        1,
      )
      assert.equal((await store.approvals(tenant, {}, null, 10)).length, 1)
    })

    for (const state of ['pending', 'approved'] as const) {
      test(`while one is ${state}, the same is not asked again, though by another tenant it is`, async () => {
        const approval = own()
        await store.ask(approval, null, [], [])
        if (state === 'approved') await store.save({ ...approval, state, version: 2 }, [])
        await assert.rejects(store.ask({ ...approval, id: newId() }, null, [], []), conflict)
        await store.ask({ ...approval, id: newId(), tenant: newId() }, null, [], [])
      })
    }

    for (const state of ['rejected', 'expired', 'used', 'cancelled'] as const) {
      test(`after one was ${state} the same may be asked again, and the new one is found, whatever its id`, async () => {
        const old = own({ id: newId(Date.now() + 60_000) })
        await store.ask(old, null, [], [])
        await store.save({ ...old, state, version: 2 }, [])
        assert.equal((await store.newest(old.tenant, old.binding))?.state, state)
        const again = { ...old, id: newId(Date.now() - 60_000) }
        await store.ask(again, null, [], [])
        assert.deepEqual(await store.newest(old.tenant, old.binding), again)
      })
    }

    test('of many who change one at once one does', async () => {
      const approval = own()
      await store.ask(approval, null, [], [])
      const changes = (['approved', 'rejected', 'cancelled', 'expired'] as const).map(state => ({
        state,
        entry: anEntry(),
      }))
      const results = await Promise.allSettled(
        changes.map(({ state, entry }) => store.save({ ...approval, state, version: 2 }, [entry])),
      )
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      const won = changes[results.findIndex(({ status }) => status === 'fulfilled')]!
      assert.equal((await store.approval(approval.tenant, approval.id))?.state, won.state)
      const lines = await Promise.all(changes.map(({ entry }) => written(entry)))
      assert.equal(
        lines.reduce((sum, each) => sum + each),
        1,
      )
      await assert.rejects(store.save({ ...approval, version: 4 }, []), conflict)
    })

    test('they are listed newest first, page by page, by state and by who asked', async () => {
      const tenant = newId()
      const all: Approval[] = []
      for (const by of ['a', 'b', 'a', 'a']) {
        const approval = own({ tenant })
        all.unshift({ ...approval, asked: { ...approval.asked, by: { id: by, kind: 'agent', name: by } } })
        await store.ask(all[0]!, null, [], [])
      }
      const rejected = { ...all[0]!, state: 'rejected' as const, version: 2 }
      await store.save(rejected, [])
      const [, second, third, fourth] = all
      assert.deepEqual(await store.approvals(tenant, {}, null, 2), [rejected, second])
      assert.deepEqual(await store.approvals(tenant, {}, second!.id, 10), [third, fourth])
      assert.deepEqual(await store.approvals(tenant, { state: 'rejected' }, null, 10), [rejected])
      assert.deepEqual(await store.approvals(tenant, { state: 'pending', principal: 'a' }, null, 10), [second, fourth])
      assert.deepEqual(
        [await store.pendingOf(tenant, 'a'), await store.pendingOf(tenant, 'b'), await store.pendingOf(newId(), 'a')],
        [2, 1, 0],
      )
    })

    test('those whose time is up are found in every tenant, unless they have ended', async () => {
      const at = (seconds: number) => isoTime(new Date(Date.UTC(2001, 0, 1, 0, 0, seconds)))
      const late = own({ expiresAt: at(1) })
      const given = own({ expiresAt: at(2) })
      const [ended, early] = [own({ expiresAt: at(1) }), own({ expiresAt: at(9) })]
      for (const each of [late, given, ended, early]) await store.ask(each, null, [], [])
      await store.save({ ...given, state: 'approved', version: 2 }, [])
      await store.save({ ...ended, state: 'rejected', version: 2 }, [])
      assert.deepEqual((await store.overdue(at(2), 10)).map(({ id }) => id), [late.id, given.id]) // prettier-ignore
      assert.deepEqual((await store.overdue(at(2), 1)).map(({ id }) => id), [late.id]) // prettier-ignore
      assert.deepEqual(await store.overdue(at(0), 10), [])
    })

    test('a notice is due until somebody sees to it, and of many one does', async () => {
      const approval = own()
      const notice = aNotice(approval, '2001-01-01T00:00:01.000Z')
      await store.ask(approval, notice, [], [])
      const due = async (now: string) => (await store.noticesDue(now, 100)).filter(({ id }) => id === notice.id)
      assert.deepEqual(await due('2001-01-01T00:00:00.999Z'), [])
      assert.deepEqual(await due('2001-01-01T00:00:01.000Z'), [notice])
      const next = { ...notice, attempts: 1, nextAt: '2001-01-01T01:00:00.000Z', version: 2 }
      const results = await Promise.allSettled([1, 2, 3].map(() => store.saveNotice(next, [])))
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.deepEqual(await due('2001-01-01T00:30:00.000Z'), [])
      assert.deepEqual(await due('2001-01-01T01:00:00.000Z'), [next])
      const entry = anEntry()
      await store.saveNotice({ ...next, nextAt: null, version: 3 }, [entry])
      assert.equal(await written(entry), 1)
      assert.deepEqual(await due('2999-01-01T00:00:00.000Z'), [])
      await assert.rejects(store.saveNotice({ ...next, tenant: newId(), version: 4 }, []), conflict)
    })

    test('a notice that nobody is to get is not kept, and one of a question that was not kept is not either', async () => {
      const approval = own()
      await store.ask(approval, null, [], [])
      const twice = { ...approval, id: newId() }
      await assert.rejects(store.ask(twice, aNotice(twice, '2001-01-01T00:00:00.000Z'), [], []), conflict)
      const due = await store.noticesDue('2999-01-01T00:00:00.000Z', 1_000)
      assert.ok(!due.some(({ id }) => id === approval.id || id === twice.id))
    })

    test('rules read back, change version by version, and have names unique in their tenant', async () => {
      const tenant = newId()
      const [b, a] = [aRule(tenant, 'b'), aRule(tenant, 'a')]
      await store.saveRule(b, [])
      await store.saveRule(a, [])
      const changed: ApprovalRule = { ...a, quorum: 3, webhook: { url: 'https://x.example', secret: 's' }, version: 2 }
      await store.saveRule(changed, [])
      assert.deepEqual(await store.rules(tenant), [changed, b])
      assert.deepEqual(await store.rules(newId()), [])
      assert.ok((await store.rules()).some(({ id }) => id === b.id))
      await assert.rejects(store.saveRule(changed, []), conflict)
      await assert.rejects(store.saveRule(aRule(tenant, 'a'), []), { code: 'NAME_TAKEN' })
      const entry = anEntry()
      await store.removeRule(newId(), a.id, [entry])
      assert.equal(await written(entry), 0)
      await store.removeRule(tenant, a.id, [entry])
      assert.equal(await written(entry), 1)
      assert.deepEqual(await store.rules(tenant), [b])
    })
  })
}

function aNotice({ id, tenant }: Approval, nextAt: string): Notice {
  return { id, tenant, url: 'https://chat.example/hook', secret: 'hook', attempts: 0, nextAt, version: 1 }
}

function aRule(tenant: string, name: string): ApprovalRule {
  return {
    id: newId(),
    tenant,
    name,
    tools: ['bank/*'],
    approvers: ['admin'],
    fourEyes: 'always',
    quorum: 2,
    decideWithin: null,
    useWithin: 60_000,
    webhook: null,
    version: 1,
  }
}
