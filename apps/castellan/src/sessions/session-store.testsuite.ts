import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Entry, Journal, type JournalStore } from '../journal/index.ts'
import { newId, systemClock } from '../kernel/index.ts'
import { nothingYet, type Session } from './session.ts'
import type { SessionStore } from './session-store.ts'

export interface OpenSessionStore {
  readonly sessions: SessionStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every session store promises. All tests share one store. */
export function sessionStoreSuite(name: string, open: () => Promise<OpenSessionStore>, skip: string | false): void {
  describe(`${name} is a session store`, { skip }, () => {
    let opened: OpenSessionStore
    let store: SessionStore
    before(async () => {
      opened = await open()
      store = opened.sessions
    })
    after(() => opened?.close())

    const line = ({ tenant, id, version }: Session): Entry =>
      new Journal(opened.journal, systemClock).seal({
        tenant,
        stream: `session:${id}`,
        seq: version - 1,
        type: 'session.step',
        principal: 'ann',
        correlationId: 'c',
        data: {},
      })
    const written = async ({ tenant, id }: Session) => (await opened.journal.readStream(tenant, `session:${id}`)).length

    test('a session reads back, changes version by version with its lines, and is seen in its tenant alone', async () => {
      const session = aSession()
      await store.save(session, [line(session)])
      assert.deepEqual(await store.session(session.tenant, session.id), session)
      assert.equal(await store.session(newId(), session.id), undefined)
      const next = { ...session, version: 2, totals: { ...nothingYet, steps: 1, decisions: { ok: 1 } } }
      await store.save(next, [line(next)])
      assert.deepEqual(await store.session(session.tenant, session.id), next)
      await assert.rejects(store.save(next, []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.save({ ...next, tenant: newId(), version: 3 }, []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.save(session, []), { code: 'VERSION_CONFLICT' })
      assert.equal(await written(session), 2)
    })

    test('sessions are listed newest first, page by page, of everybody or of one', async () => {
      const tenant = newId()
      const [first, second, third] = [aSession({ tenant }), aSession({ tenant }), aSession({ tenant, by: 'bob' })]
      for (const each of [first, second, third]) await store.save(each, [])
      const ids = async (principal: string | null, before: string | null, limit = 10) =>
        (await store.sessions(tenant, principal, before, limit)).map(({ id }) => id)
      assert.deepEqual(await ids(null, null), [third.id, second.id, first.id])
      assert.deepEqual(await ids(null, third.id, 1), [second.id])
      assert.deepEqual(await ids('bob', null), [third.id])
      assert.deepEqual(await store.sessions(newId(), null, null, 10), [])
    })

    test('those that are open are known, of whatever tenant', async () => {
      const [open, closed] = [aSession(), aSession()]
      await store.save(open, [])
      await store.save(closed, [])
      await store.save({ ...closed, state: 'closed', version: 2 }, [])
      const found = (await store.open()).map(({ id }) => id)
      assert.ok(found.includes(open.id) && !found.includes(closed.id))
    })
  })
}

function aSession({ tenant = newId(), by = 'ann' }: { readonly tenant?: string; readonly by?: string } = {}): Session {
  return {
    id: newId(),
    tenant,
    principal: { id: by, name: by },
    name: 'tested',
    model: null,
    limits: { allow: null, block: [], noNetwork: false, dryRun: false, maxSteps: null },
    guardrails: {},
    configHash: 'a',
    rulesHash: 'b',
    preflight: { verdict: 'allow', signals: [] },
    state: 'open',
    openedAt: '2026-01-01T00:00:00.000Z',
    closedAt: null,
    totals: nothingYet,
    version: 1,
  }
}
