import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type JsonObject, newId, systemClock } from '../kernel/index.ts'
import { type Blob, Journal, type JournalStore } from '../journal/index.ts'
import type { CallRecord, CallStore } from './call-store.ts'
import type { DecisionLog, JudgedCall } from './decision-log.ts'

export interface OpenDecisionLog {
  readonly decisions: DecisionLog
  readonly calls: CallStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every decision log promises. All tests share one store. */
export function decisionLogSuite(name: string, open: () => Promise<OpenDecisionLog>, skip: string | false): void {
  describe(`${name} is a decision log`, { skip }, () => {
    let opened: OpenDecisionLog
    let log: DecisionLog
    before(async () => {
      opened = await open()
      log = opened.decisions
    })
    after(() => opened?.close())

    const always = { since: new Date(0), until: new Date('2100-01-01') }

    /** Keeps a call begun at a time, with what its first line says. */
    async function keep(tenant: string, millis: number, given: { data?: JsonObject; args?: JsonObject } = {}) {
      const journal = new Journal(opened.journal, systemClock)
      const id = idAt(millis)
      const record: CallRecord = {
        id,
        tenant,
        principal: given.data?.['who'] === undefined ? 'ann' : String(given.data['who']),
        server: 'files',
        capability: 'read_file',
        method: 'tools/call',
        effect: 'read',
        digest: 'sha256:x',
        idempotencyKey: null,
        correlationId: 'c',
        session: null,
        state: 'ended',
        outcome: 'ok',
        startedAt: new Date(millis).toISOString(),
        endedAt: null,
        labels: null,
      }
      const blobs: Blob[] = given.args ? [journal.sealBlob(tenant, given.args)] : []
      const entry = (seq: number, data: JsonObject) =>
        journal.seal({
          tenant,
          stream: `call:${id}`,
          seq,
          type: 'call.ended',
          principal: 'ann',
          correlationId: 'c',
          data,
        })
      const data = { ...given.data, ...(blobs[0] ? { args: blobs[0].digest } : {}) }
      await opened.calls.open(record, [entry(0, data), entry(1, { later: true })], blobs)
      const { principal, outcome } = record
      return {
        id,
        tenant,
        principal,
        at: record.startedAt,
        outcome,
        data,
        args: given.args ?? null,
      } satisfies JudgedCall
    }

    test('a call reads back with its first line and its arguments', async () => {
      const tenant = newId()
      const call = await keep(tenant, 1_000, {
        data: { n: 0.5, text: 'Ü' },
        args: { path: '/tmp', deep: [{ x: null }] },
      })
      const bare = await keep(tenant, 2_000)
      assert.deepEqual(await log.judged(tenant, always, null, 10), [call, bare])
      assert.deepEqual(await log.judgedCall(tenant, call.id), call)
      assert.equal(await log.judgedCall(tenant, newId()), undefined)
    })

    test('of another tenant there is nothing, though its call or its arguments are known by name', async () => {
      const [tenant, other] = [newId(), newId()]
      const call = await keep(tenant, 1_000, { args: { a: 1 } })
      assert.equal(await log.judgedCall(other, call.id), undefined)
      assert.deepEqual(await log.judged(other, always, null, 10), [])
      const thief = await keep(other, 1_000, { data: { args: String(call.data['args']) } })
      assert.equal((await log.judgedCall(other, thief.id))?.args, null)
    })

    test('arguments that were erased are gone, and nothing else is', async () => {
      const tenant = newId()
      const call = await keep(tenant, 1_000, { args: { a: 1 } })
      const kept = await keep(tenant, 2_000, { args: { a: 1 } })
      await opened.journal.eraseBlob(tenant, String(call.data['args']))
      assert.deepEqual(await log.judged(tenant, always, null, 10), [{ ...call, args: null }, kept])
    })

    test('a span of time begins with its first moment and ends before its last', async () => {
      const tenant = newId()
      const [, second, third] = [await keep(tenant, 999), await keep(tenant, 1_000), await keep(tenant, 1_999)]
      await keep(tenant, 2_000)
      const span = { since: new Date(1_000), until: new Date(2_000) }
      assert.deepEqual(await log.judged(tenant, span, null, 10), [second, third])
      assert.deepEqual(await log.judged(tenant, { since: span.until, until: span.since }, null, 10), [])
    })

    test('pages go on after the last, oldest first, and only with whom they are about', async () => {
      const tenant = newId()
      const all: JudgedCall[] = []
      for (let n = 0; n < 7; n++) all.push(await keep(tenant, 1_000 + n, { data: { who: n % 2 ? 'ann' : 'ben' } }))
      const bens = all.filter(({ principal }) => principal === 'ben')
      assert.deepEqual(await everything(log, tenant, {}, 3), all)
      assert.deepEqual(await everything(log, tenant, { principal: 'ben' }, 3), bens)
    })

    test('large arguments make pages shorter, never empty, and none is left out', async () => {
      const tenant = newId()
      const ids: string[] = []
      for (let n = 0; n < 4; n++)
        ids.push((await keep(tenant, 1_000 + n, { args: { text: 'x'.repeat(3_000_000) } })).id)
      assert.equal((await log.judged(tenant, always, null, 10)).length, 1)
      assert.deepEqual(
        (await everything(log, tenant, {}, 10)).map(({ id }) => id),
        ids,
      )
    })

    async function everything(from: DecisionLog, tenant: string, filter: { principal?: string }, size: number) {
      const all: JudgedCall[] = []
      for (;;) {
        const page = await from.judged(tenant, { ...always, ...filter }, all.at(-1)?.id ?? null, size)
        if (page.length === 0) return all
        all.push(...page)
      }
    }
  })
}

/** A UUIDv7 of that time; `newId` never goes back. */
function idAt(millis: number): string {
  const digits = millis.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7${newId().slice(15)}`
}
