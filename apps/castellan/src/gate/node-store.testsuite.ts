import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Journal, type JournalStore } from '../journal/index.ts'
import { newId, systemClock } from '../kernel/index.ts'
import type { CallRecord, CallStore } from './call-store.ts'
import type { NodeStore } from './node-store.ts'

export interface OpenNodeStore {
  readonly nodes: NodeStore
  readonly calls: CallStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What processes may rely on that share a store. */
export function nodeStoreSuite(name: string, open: () => Promise<OpenNodeStore>, skip: string | false): void {
  describe(`${name} knows who is there`, { skip }, () => {
    test('it is of one installation, whoever asks and however often', async () => {
      const [opened, another] = [await open(), await open()]
      try {
        const ids = await Promise.all([opened.nodes.installation(), opened.nodes.installation()])
        assert.equal(ids[0], ids[1])
        assert.notEqual(await another.nodes.installation(), ids[0])
      } finally {
        await opened.close()
        await another.close()
      }
    })

    test('a call is unfinished once nobody is there who could finish it', async () => {
      const opened = await open()
      try {
        const { nodes, calls, journal } = opened
        await nodes.join(60_000)
        const record = anOpenCall()
        const entry = new Journal(journal, systemClock).seal({
          tenant: record.tenant,
          stream: `call:${record.id}`,
          seq: 0,
          type: 'call.intended',
          principal: 'ann',
          correlationId: 'c',
          data: {},
        })
        await calls.open(record, [entry], [])
        assert.deepEqual(await calls.unfinished(10), [])
        await nodes.stay(0)
        assert.deepEqual(await calls.unfinished(10), [record])
        await nodes.stay(60_000)
        assert.deepEqual(await calls.unfinished(10), [])
        await nodes.leave()
        assert.deepEqual(await calls.unfinished(10), [record])
        // Who left, and is still there after all, says so.
        await nodes.stay(60_000)
        assert.deepEqual(await calls.unfinished(10), [])
      } finally {
        await opened.close()
      }
    })
  })
}

/** What processes may rely on that look for those on which somebody listens. */
export function listeningNodesSuite(
  name: string,
  open: () => Promise<{
    readonly nodes: NodeStore
    readonly other: { readonly nodes: NodeStore }
    close(): Promise<void>
  }>,
  skip: string | false,
): void {
  test(
    `${name} knows where somebody listens, as long as the process is there and somebody does`,
    { skip },
    async () => {
      const opened = await open()
      try {
        const [own, other] = [opened.nodes, opened.other.nodes]
        await own.stay(60_000)
        await other.stay(60_000)
        const seen = async () => [[...(await own.listening())], [...(await other.listening())]]
        assert.deepEqual(await seen(), [[], []])
        await own.listenAt('a:1')
        assert.deepEqual(await seen(), [[], [[own.id, 'a:1']]])
        await own.stay(0)
        assert.deepEqual(await seen(), [[], []])
        await own.stay(60_000)
        assert.deepEqual(await seen(), [[], [[own.id, 'a:1']]])
        await own.listenAt(null)
        assert.deepEqual(await seen(), [[], []])
        await own.listenAt('a:2')
        await own.leave()
        assert.deepEqual(await seen(), [[], []])
      } finally {
        await opened.close()
      }
    },
  )
}

function anOpenCall(): CallRecord {
  return {
    id: newId(),
    tenant: newId(),
    principal: 'ann',
    server: 'files',
    capability: 'write',
    method: 'tools/call',
    effect: 'unsafe',
    digest: 'sha256:0',
    idempotencyKey: null,
    correlationId: 'c',
    session: null,
    state: 'open',
    outcome: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    labels: null,
  }
}
