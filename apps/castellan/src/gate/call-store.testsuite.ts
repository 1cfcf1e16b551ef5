import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newId, systemClock } from '../kernel/index.ts'
import type { Approval, ApprovalStore } from '../approvals/index.ts'
import { anApproval } from '../approvals/fixtures/approval.ts'
import { type Entry, Journal, type JournalStore } from '../journal/index.ts'
import type { CallFilter, CallRecord, CallStore } from './call-store.ts'
import type { Outcome } from './verdict.ts'

export interface OpenCallStore {
  readonly calls: CallStore
  readonly approvals: ApprovalStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every call store promises. All tests share one store. */
export function callStoreSuite(name: string, open: () => Promise<OpenCallStore>, skip: string | false): void {
  describe(`${name} is a call store`, { skip }, () => {
    let opened: OpenCallStore
    let store: CallStore
    before(async () => {
      opened = await open()
      store = opened.calls
    })
    after(() => opened?.close())

    const line = (record: CallRecord, seq: number): Entry =>
      new Journal(opened.journal, systemClock).seal({
        tenant: record.tenant,
        stream: `call:${record.id}`,
        seq,
        type: seq === 0 ? 'call.intended' : 'call.ended',
        principal: record.principal,
        correlationId: record.correlationId,
        data: {},
      })
    const begin = (record: CallRecord) => store.open(record, [line(record, 0)], [])
    const end = (record: CallRecord, outcome: Outcome | null) => store.close(ended(record), outcome, [line(record, 1)])
    const written = async ({ tenant, id }: CallRecord) => (await opened.journal.readStream(tenant, `call:${id}`)).length

    test('a call is kept with its lines and blobs from its intent to its end', async () => {
      const record = aCall()
      const blob = new Journal(opened.journal, systemClock).sealBlob(record.tenant, { path: '/tmp' })
      await store.open(record, [line(record, 0)], [blob])
      assert.deepEqual(await store.call(record.tenant, record.id), record)
      assert.deepEqual(Buffer.from((await opened.journal.blob(record.tenant, blob.digest))!.bytes), blob.bytes)
      assert.equal(await store.call(newId(), record.id), undefined)
      await end(record, null)
      assert.deepEqual(await store.call(record.tenant, record.id), ended(record))
      assert.equal(await written(record), 2)
    })

    test('a call ends once', async () => {
      const record = aCall()
      await begin(record)
      await end(record, null)
      await assert.rejects(store.close({ ...ended(record), outcome: 'error' }, null, []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.close(ended(aCall()), null, []), { code: 'VERSION_CONFLICT' })
      assert.equal((await store.call(record.tenant, record.id))?.outcome, 'ok')
    })

    test('an intent that clashes leaves no call, claim or blob behind', async () => {
      const record = aCall({ idempotencyKey: 'k' })
      await opened.journal.append([line(record, 0)])
      await assert.rejects(begin(record), { code: 'STREAM_CONFLICT' })
      assert.equal(await store.call(record.tenant, record.id), undefined)
      assert.equal(await store.byKey(record.tenant, record.principal, 'k'), undefined)
    })

    test('of many calls that would use one approval at once one does, and nothing is left of the others', async () => {
      const given: Approval = anApproval({ tenant: newId(), state: 'approved' })
      await opened.approvals.ask(given, null, [], [])
      const records = Array.from({ length: 8 }, () => aCall({ tenant: given.tenant }))
      const results = await Promise.allSettled(
        records.map(record => {
          const used: Approval = { ...given, state: 'used', usedBy: record.id, version: 2 }
          return store.open(record, [line(record, 0)], [], 'now', { approval: used })
        }),
      )
      const won = results.findIndex(({ status }) => status === 'fulfilled')
      for (const [index, result] of results.entries()) {
        const record = records[index]!
        assert.equal(await written(record), index === won ? 1 : 0)
        assert.equal((await store.call(record.tenant, record.id)) !== undefined, index === won)
        if (result.status === 'rejected') assert.equal(result.reason.code, 'APPROVAL_SPENT')
      }
      assert.equal((await opened.approvals.approval(given.tenant, given.id))?.usedBy, records[won]?.id)
    })

    test('an intent that clashes uses no approval up', async () => {
      const given: Approval = anApproval({ tenant: newId(), state: 'approved' })
      await opened.approvals.ask(given, null, [], [])
      const record = aCall({ tenant: given.tenant, idempotencyKey: 'k' })
      await begin({ ...record, id: newId() })
      const used: Approval = { ...given, state: 'used', usedBy: record.id, version: 2 }
      await assert.rejects(store.open(record, [line(record, 0)], [], 'now', { approval: used }), {
        code: 'IDEMPOTENCY_IN_FLIGHT',
      })
      assert.deepEqual(await opened.approvals.approval(given.tenant, given.id), given)
    })

    test('a key is claimed by one call of a principal at a time', async () => {
      const first = aCall({ idempotencyKey: 'k' })
      const second = { ...first, id: newId() }
      await begin(first)
      await assert.rejects(begin(second), { code: 'IDEMPOTENCY_IN_FLIGHT' })
      assert.equal(await written(second), 0)
      assert.equal(await store.call(second.tenant, second.id), undefined)
      await begin({ ...second, id: newId(), principal: newId() })
      await begin({ ...second, id: newId(), tenant: newId() })
      assert.deepEqual(await store.byKey(first.tenant, first.principal, 'k'), { record: first, outcome: null })
    })

    test('of many calls with one key at once exactly one is let in', async () => {
      const call = aCall({ idempotencyKey: 'k' })
      const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => begin({ ...call, id: newId() })))
      const refused = attempts.filter(each => each.status === 'rejected')
      assert.equal(refused.length, 19)
      for (const { reason } of refused) assert.equal((reason as { code: string }).code, 'IDEMPOTENCY_IN_FLIGHT')
    })

    test('an outcome is kept for its key, exactly as it was, and the key stays taken', async () => {
      const record = aCall({ idempotencyKey: 'k' })
      const content = [{ type: 'text', text: 'Ü\0🔑', _meta: { n: 0.1 } }]
      const outcome: Outcome = { is: 'ok', result: { content, structuredContent: null } }
      await begin(record)
      await end(record, outcome)
      assert.deepEqual(await store.byKey(record.tenant, record.principal, 'k'), { record: ended(record), outcome })
      await assert.rejects(begin({ ...record, id: newId() }), { code: 'IDEMPOTENCY_IN_FLIGHT' })
    })

    test('a key whose call ended without an outcome is free again', async () => {
      const record = aCall({ idempotencyKey: 'k' })
      await begin(record)
      await end(record, null)
      assert.equal(await store.byKey(record.tenant, record.principal, 'k'), undefined)
      await begin({ ...record, id: newId() })
    })

    test('a call that never ran claims no key', async () => {
      const denied = ended(aCall({ idempotencyKey: 'k' }), 'denied_policy')
      await begin(denied)
      assert.equal(await store.byKey(denied.tenant, denied.principal, 'k'), undefined)
      assert.deepEqual(await store.call(denied.tenant, denied.id), denied)
      await begin(aCall({ tenant: denied.tenant, principal: denied.principal, idempotencyKey: 'k' }))
    })

    test('the very same intent or end may be repeated by a writer in doubt', async () => {
      const record = aCall({ idempotencyKey: 'k' })
      const [intended, over] = [line(record, 0), line(record, 1)]
      await store.open(record, [intended], [])
      await store.open(record, [intended], [])
      await store.close(ended(record), null, [over])
      await store.close(ended(record), null, [over])
      assert.equal(await written(record), 2)
    })

    test('calls are listed newest first, page by page, for one tenant', async () => {
      const tenant = newId()
      const records = Array.from({ length: 5 }, () => aCall({ tenant }))
      for (const record of records.toReversed()) await begin(record)
      const ids = async (before: string | null, limit: number) =>
        (await store.calls(tenant, {}, before, limit)).map(({ id }) => records.findIndex(each => each.id === id))
      assert.deepEqual(await ids(null, 3), [4, 3, 2])
      assert.deepEqual(await ids(records[2]!.id, 3), [1, 0])
      assert.deepEqual(await store.calls(newId(), {}, null, 3), [])
    })

    test('a filter lets through what matches all of it', async () => {
      const [tenant, correlationId] = [newId(), newId()]
      const mine = aCall({ tenant, principal: 'bob', server: 'files', correlationId })
      for (const record of [mine, aCall({ tenant, principal: 'bob' }), aCall({ tenant, server: 'files' })]) {
        await begin(record)
      }
      await end(mine, null)
      const found = async (filter: CallFilter) => (await store.calls(tenant, filter, null, 10)).length
      assert.equal(await found({ principal: 'bob' }), 2)
      assert.equal(await found({ principal: 'bob', server: 'files' }), 1)
      assert.equal(await found({ outcome: 'ok' }), 1)
      assert.equal(await found({ correlationId }), 1)
      assert.equal(await found({ correlationId, outcome: 'error' }), 0)
    })

    test('unfinished calls are those of any tenant whose end is not known', async () => {
      const [open, over] = [aCall(), aCall()]
      await begin(open)
      await begin(over)
      await end(over, null)
      const unfinished = await store.unfinished(10_000)
      assert.deepEqual(unfinished.find(({ id }) => id === open.id), open) // prettier-ignore
      assert.ok(unfinished.every(({ id, state }) => id !== over.id && state === 'open'))
      assert.equal((await store.unfinished(1)).length, 1)
    })

    test('what was read in a session is kept with its calls, and found again', async () => {
      const [untrusted, plain, early] = [
        aCall({ session: 's1' }),
        aCall(),
        aCall({ startedAt: '2020-01-01T00:00:00.000Z' }),
      ]
      for (const record of [untrusted, plain, early]) await begin(record)
      const labels = ['confidential', 'untrusted']
      await store.close({ ...ended(untrusted), labels }, null, [line(untrusted, 1)])
      await store.close({ ...ended(early), labels }, null, [line(early, 1)])
      await end(plain, null)
      const late = { ...ended(aCall({ session: 's2' })), labels: ['untrusted'] }
      await store.open(late, [line(late, 0)], [])
      const ours = [untrusted.id, plain.id, early.id, late.id]
      const found = (await store.labelled('2026-01-01T00:00:00.000Z', null, 10_000)).filter(({ id }) =>
        ours.includes(id),
      )
      assert.deepEqual(found, [{ ...ended(untrusted), labels }, late])
      assert.deepEqual(
        (await store.labelled('2026-01-01T00:00:00.000Z', untrusted.id, 10_000)).filter(({ id }) => ours.includes(id)),
        [late],
      )
    })
  })
}

function aCall(more: Partial<CallRecord> = {}): CallRecord {
  return {
    id: newId(),
    tenant: newId(),
    principal: newId(),
    server: 'everything',
    capability: 'echo',
    method: 'tools/call',
    effect: 'unsafe',
    digest: `sha256:${'0'.repeat(64)}`,
    idempotencyKey: null,
    correlationId: newId(),
    session: null,
    state: 'open',
    outcome: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    labels: null,
    ...more,
  }
}

function ended(record: CallRecord, outcome = 'ok'): CallRecord {
  return { ...record, state: 'ended', outcome, endedAt: '2026-01-01T00:00:01.000Z' }
}
