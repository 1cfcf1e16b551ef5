import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Approval, ApprovalStore } from '../approvals/index.ts'
import { anApproval } from '../approvals/fixtures/approval.ts'
import { type Entry, Journal, type JournalStore } from '../journal/index.ts'
import { type JsonValue, newId, systemClock } from '../kernel/index.ts'
import { aRun } from './fixtures/a-run.ts'
import type { Run } from './run.ts'
import type { ClaimWish, Held, NewRun, Payload, RunStore, Turn } from './run-store.ts'

export interface OpenRunStore {
  readonly runs: RunStore
  readonly approvals: ApprovalStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every store of runs promises. All tests share one store, and each begins with nothing due. */
export function runStoreSuite(name: string, open: () => Promise<OpenRunStore>, skip: string | false): void {
  describe(`${name} is a store of runs`, { skip }, () => {
    let opened: OpenRunStore
    let store: RunStore
    before(async () => {
      opened = await open()
      store = opened.runs
    })
    after(() => opened?.close())

    const line = ({ tenant, id }: Pick<Run, 'tenant' | 'id'>, seq: number, type = 'run.told'): Entry =>
      new Journal(opened.journal, systemClock).seal({
        tenant,
        stream: `run:${id}`,
        seq,
        type,
        principal: 'ann',
        correlationId: 'c',
        data: {},
      })
    const start = async (
      run: Run,
      { dueIn = 0, payload }: { dueIn?: number; payload?: JsonValue } = {},
    ): Promise<Run> => {
      await store.start(newRun(run, dueIn, payload))
      return run
    }
    const newRun = (run: Run, dueIn = 0, payload?: JsonValue): NewRun => ({
      run,
      entries: [line(run, 0, 'run.queued')],
      payloads: payload === undefined ? [] : [carried(run, 0, payload)],
      dueIn,
    })
    const ended = (run: Run): Turn => ({
      ...nothing,
      run: { ...run, state: 'completed' },
      entries: [line(run, 1, 'run.completed')],
    })
    /** Nothing of an earlier test is held or due. */
    const emptyQueue = async () => {
      const held = await Promise.all(['one', 'two', 'three', 'four'].map(owner => store.holding(owner)))
      for (const each of held.flat()) await store.release(each, null)
      for (let due = await claim({ most: 100 }); due.length > 0; due = await claim({ most: 100 }))
        for (const each of due) await store.release(each, null)
    }
    const claim = (wish: Partial<ClaimWish> = {}): Promise<Held[]> =>
      store.claim({
        owner: 'one',
        most: 10,
        mostOfTenant: 100,
        mostOfTenantInAll: Infinity,
        lease: 60_000,
        after: '',
        ...wish,
      })
    const written = async ({ tenant, id }: Run) =>
      (await opened.journal.readStream(tenant, `run:${id}`)).map(({ type }) => type)

    test('a run reads back with its lines and what they carry, in its tenant alone', async () => {
      const odd = { text: 'a "quoted" line\n', __proto__x: [1.5, null, true], ключ: '🔑' }
      const run = await start(aRun(), { payload: odd })
      assert.deepEqual(await store.run(run.tenant, run.id), run)
      assert.equal(await store.run(newId(), run.id), undefined)
      const { entries, payloads } = await store.lines(run.tenant, run.id, 0)
      assert.deepEqual(
        entries.map(({ type }) => type),
        ['run.queued'],
      )
      assert.deepEqual(payloads.get(0)?.value, odd)
      assert.deepEqual((await store.lines(run.tenant, run.id, 1)).entries, [])
      assert.deepEqual((await store.lines(newId(), run.id, 0)).entries, [])
      assert.equal((await store.lines(newId(), run.id, 0)).payloads.size, 0)
    })

    test('a run that is begun twice is begun once', async () => {
      const wanted = newRun(aRun())
      await store.start(wanted)
      await store.start(wanted)
      await assert.rejects(store.start({ ...wanted, entries: [line(wanted.run, 0)] }), { kind: 'conflict' })
      assert.deepEqual(await written(wanted.run), ['run.queued'])
    })

    test('runs are listed newest first, by page and by what they are', async () => {
      const tenant = newId()
      const older = await start(aRun({ tenant }))
      const newer = await start(
        aRun({ tenant, kind: 'workflow', name: 'night', parent: { run: older.id, step: 's' }, session: 'w' }),
      )
      assert.deepEqual(
        (await store.runs(tenant, {}, null, 10)).map(({ id }) => id),
        [newer.id, older.id],
      )
      assert.deepEqual(
        (await store.runs(tenant, {}, newer.id, 10)).map(({ id }) => id),
        [older.id],
      )
      for (const filter of [{ kind: 'workflow' }, { name: 'night' }, { parent: older.id }, { session: 'w' }] as const)
        assert.deepEqual(
          (await store.runs(tenant, filter, null, 10)).map(({ id }) => id),
          [newer.id],
        )
      assert.deepEqual(await store.runs(tenant, { state: 'failed' }, null, 10), [])
      assert.deepEqual(await store.runs(tenant, { principal: 'bob' }, null, 10), [])
    })

    test('one of all who want a run gets it, and nobody else until the lease is over', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const all = (await Promise.all(['one', 'two', 'three', 'four'].map(owner => claim({ owner })))).flat()
      assert.deepEqual(
        all.map(each => each.run),
        [run.id],
      )
      assert.deepEqual(await claim({ owner: 'five' }), [])
      assert.equal(all[0]!.fence, 1)
    })

    test('whose lease is over has lost the run, and can write nothing more', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [slow] = await claim({ lease: 0 })
      const [quick] = await claim({ owner: 'two' })
      assert.equal(quick!.fence, 2)
      await assert.rejects(store.advance(slow!, ended(run)), { code: 'RUN_LOST' })
      await assert.rejects(store.release(slow!, null), { code: 'RUN_LOST' })
      await assert.rejects(store.told(slow!), { code: 'RUN_LOST' })
      await store.renew('one', [slow!], 60_000)
      assert.deepEqual(await store.holding('two'), [quick])
      assert.deepEqual(await written(run), ['run.queued'])
      await store.advance(quick!, ended(run))
      assert.deepEqual(await written(run), ['run.queued', 'run.completed'])
    })

    test('a lease that is renewed goes on', async () => {
      await emptyQueue()
      await start(aRun())
      const held = await claim({ lease: 0 })
      await store.renew('one', held, 60_000)
      assert.deepEqual(await claim({ owner: 'two' }), [])
      assert.deepEqual(await store.holding('one'), held)
    })

    test('the tenants take turns, however long the queue of one is; within one the most urgent goes first', async () => {
      await emptyQueue()
      const [a, b, c] = [newId(), newId(), newId()].toSorted()
      for (let count = 0; count < 50; count++) await start(aRun({ tenant: a!, name: `a${count}` }))
      const urgent = await start(aRun({ tenant: a!, priority: 5 }))
      const ofB = await start(aRun({ tenant: b! }))
      const ofC = await start(aRun({ tenant: c! }))
      const first = await claim({ most: 4 })
      assert.deepEqual(
        first.slice(0, 3).map(({ run }) => run),
        [urgent.id, ofB.id, ofC.id],
      )
      assert.equal(first[3]!.tenant, a)
      const late = await start(aRun({ tenant: b! }))
      assert.deepEqual(
        (await claim({ most: 1, after: a! })).map(({ run }) => run),
        [late.id],
      )
    })

    test('a tenant has no more runs under way with all owners than it may in all, and those of others go on', async () => {
      await emptyQueue()
      const [a, b] = [newId(), newId()].toSorted()
      for (let count = 0; count < 5; count++) await start(aRun({ tenant: a! }))
      for (let count = 0; count < 2; count++) await start(aRun({ tenant: b! }))
      const bounds = { mostOfTenantInAll: 3, mostOfTenant: 2 }
      const tenants = async (owner: string) =>
        (await claim({ owner, ...bounds })).map(({ tenant }) => tenant).toSorted()
      assert.deepEqual(await tenants('one'), [a, a, b, b])
      assert.deepEqual(await tenants('two'), [a])
      assert.deepEqual(await tenants('three'), [])
      await start(aRun({ tenant: b! }))
      assert.deepEqual(await tenants('three'), [b])
    })

    test('however many claim while new runs come in, a tenant has no more under way than it may in all, and none is left', async () => {
      await emptyQueue()
      const [tenant, mostOfTenantInAll] = [newId(), 2]
      const open = new Map<string, Run>()
      // Each is more urgent than those before it, so that whoever looks later sees another one first.
      const add = async (priority: number) => {
        const run = aRun({ tenant, priority })
        open.set(run.id, run)
        await start(run)
      }
      const owners = Array.from({ length: 12 }, () => newId())
      for (let priority = 0; open.size > 0 || priority === 0; priority += owners.length) {
        const coming = priority < 240 ? owners.map((_, index) => add(priority + index)) : []
        const claims = owners.map(owner => claim({ owner, most: 4, mostOfTenantInAll }))
        const held = (await Promise.all(claims)).flat()
        await Promise.all(coming)
        held.push(...(await claim({ mostOfTenantInAll })))
        assert.equal(held.length, Math.min(mostOfTenantInAll, open.size))
        for (const each of held) {
          await store.advance(each, ended(open.get(each.run)!))
          open.delete(each.run)
        }
      }
    })

    test('a tenant has no more runs under way than it may, and those of others go on', async () => {
      await emptyQueue()
      const [a, b] = [newId(), newId()].toSorted()
      for (let count = 0; count < 5; count++) await start(aRun({ tenant: a! }))
      const other = await start(aRun({ tenant: b! }))
      const first = await claim({ mostOfTenant: 2 })
      assert.deepEqual(first.map(({ tenant }) => tenant).toSorted(), [a, a, b])
      assert.deepEqual(await claim({ mostOfTenant: 2 }), [])
      await store.advance(
        first.find(({ run }) => run === other.id)!,
        ended(other),
      )
      const [one] = first.filter(({ tenant }) => tenant === a)
      assert.equal(await store.release(one!, null), true)
      assert.equal((await claim({ mostOfTenant: 2 })).length, 1)
      assert.deepEqual(
        (await store.backlog()).filter(({ tenant }) => tenant === a),
        [{ tenant: a, queued: 5, held: 2 }],
      )
    })

    test('after a start, what the process before it held is due, where nobody else can hold it', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [held] = await claim()
      await store.freeOrphans()
      const again = await claim({ owner: 'two' })
      if (again.length === 0) return assert.deepEqual(await store.holding('one'), [held])
      assert.deepEqual(again, [{ ...held!, fence: 2 }])
      await assert.rejects(store.advance(held!, ended(run)), { code: 'RUN_LOST' })
    })

    test('a run that is let go of is due when it said, or when it is told something', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [held] = await claim()
      assert.equal(await store.release(held!, 3_600_000), true)
      assert.deepEqual(await claim(), [])
      const wait = await store.nextDue(7_200_000)
      assert.ok(wait > 3_000_000 && wait <= 3_600_000, String(wait))
      assert.equal(await store.nextDue(1_000), 1_000)
      await store.tell({ tenant: run.tenant, run: run.id, entry: line(run, 1), payload: carried(run, 1, 'now') })
      const [again] = await claim()
      assert.deepEqual(again, { tenant: run.tenant, run: run.id, fence: 2, told: 1 })
      assert.equal((await store.lines(run.tenant, run.id, 1)).payloads.get(1)?.value, 'now')
    })

    test('what a run is told while it is held is not overheard', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [held] = await claim()
      await store.tell({ tenant: run.tenant, run: run.id, entry: line(run, 1), payload: null })
      assert.deepEqual(await claim({ owner: 'two' }), [])
      assert.equal(await store.release(held!, null), false)
      assert.deepEqual(await store.holding('one'), [{ ...held!, told: 1 }])
      assert.equal(await store.release({ ...held!, told: 1 }, null), true)
      assert.deepEqual(await store.holding('one'), [])
    })

    test('no line is seen without what it carries, at whatever moment one looks', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const lines = 300
      const tell = async () => {
        for (let seq = 1; seq <= lines; seq++)
          await store.tell({
            tenant: run.tenant,
            run: run.id,
            entry: line(run, seq),
            payload: carried(run, seq, 'now'),
          })
      }
      const look = async () => {
        for (let from = 1; from <= lines;) {
          const { entries, payloads } = await store.lines(run.tenant, run.id, from)
          for (const { seq } of entries) assert.equal(payloads.get(seq)?.value, 'now', `line ${seq}`)
          from += entries.length
          // A store may answer at once, and the teller wants its turn.
          await new Promise(resolve => setImmediate(resolve))
        }
      }
      await Promise.all([tell(), look(), look(), look()])
    })

    test('a line goes to one of those who want its place', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [held] = await claim()
      const told = (payload: string) =>
        store.tell({ tenant: run.tenant, run: run.id, entry: line(run, 1), payload: carried(run, 1, payload) })
      await told('first')
      await assert.rejects(told('second'), { code: 'STREAM_CONFLICT' })
      await assert.rejects(store.advance(held!, ended(run)), { code: 'STREAM_CONFLICT' })
      assert.deepEqual(await store.run(run.tenant, run.id), run)
      assert.equal((await store.holding('one')).length, 1)
    })

    test('a run that has ended leaves the queue, and can be told nothing', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [held] = await claim({ lease: 0 })
      const last = ended(run)
      await store.advance(held!, last)
      // Whoever was left in doubt repeats.
      await store.advance(held!, last)
      assert.deepEqual(await claim(), [])
      assert.equal((await store.run(run.tenant, run.id))?.state, 'completed')
      await assert.rejects(store.tell({ tenant: run.tenant, run: run.id, entry: line(run, 2), payload: null }), {
        code: 'RUN_ENDED',
      })
      assert.deepEqual(await written(run), ['run.queued', 'run.completed'])
    })

    test('children begin, and others are told, in the very turn', async () => {
      await emptyQueue()
      const parent = await start(aRun())
      const [held] = await claim()
      const child = aRun({ tenant: parent.tenant, parent: { run: parent.id, step: 's' }, root: parent.id, depth: 1 })
      await store.advance(held!, { ...nothing, entries: [line(parent, 1)], children: [newRun(child)] })
      assert.equal(await store.release(held!, null), true)
      const [inner] = await claim()
      assert.ok(inner?.run === child.id)
      const news = {
        tenant: parent.tenant,
        run: parent.id,
        entry: line(parent, 2),
        payload: carried(parent, 2, 'done'),
      }
      await store.advance(inner, { ...ended(child), messages: [news] })
      assert.deepEqual(
        (await claim()).map(({ run }) => run),
        [parent.id],
      )
      assert.equal((await store.lines(parent.tenant, parent.id, 2)).payloads.get(2)?.value, 'done')
    })

    test('who awaits something is due when it is there, and only then', async () => {
      await emptyQueue()
      const run = await start(aRun())
      const [held] = await claim()
      const asked = async (tenant: string) => {
        const approval = anApproval({ tenant })
        await opened.approvals.ask(approval, null, [], [])
        return approval
      }
      const decide = (approval: Approval) =>
        opened.approvals.save({ ...approval, state: 'approved', version: approval.version + 1 }, [])
      const [one, two, three, fourth] = [
        await asked(run.tenant),
        await asked(run.tenant),
        await asked(run.tenant),
        await asked(newId()),
      ]
      const awaits = [one, two].map(({ id }) => `approval:${id}`)
      await store.advance(held!, { ...nothing, awaits: [...awaits, `approval:${fourth.id}`] })
      assert.equal(await store.release(held!, null), true)
      await decide(three)
      // One of the same name elsewhere is another.
      await decide(fourth)
      assert.deepEqual(await claim(), [])
      await decide(two)
      const [again] = await claim()
      assert.ok(again?.run === run.id)
      // What comes while it is held is not overheard either.
      await decide(one)
      assert.equal(await store.release(again, null), false)
      assert.equal(await store.told(again), again.told + 1)
      await store.advance(again, { ...nothing, awaits: ['approval:9'] })
      assert.equal(await store.release({ ...again, told: again.told + 1 }, null), true)
      await decide({ ...one, version: 2 })
      assert.deepEqual(await claim(), [])
    })

    // The last one: its queue is not emptied.
    test('the first run of a tenant is claimed in the next round, whatever another has queued', async () => {
      await emptyQueue()
      const [many, one] = [newId(), newId()].toSorted()
      for (let count = 0; count < 10_000; count += 100)
        await Promise.all(Array.from({ length: 100 }, () => start(aRun({ tenant: many! }))))
      const first = await start(aRun({ tenant: one! }))
      assert.ok((await claim({ most: 8 })).some(({ run }) => run === first.id))
      const second = await start(aRun({ tenant: one! }))
      assert.ok((await claim({ most: 8 })).some(({ run }) => run === second.id))
    })
  })
}

const nothing: Turn = { run: null, entries: [], payloads: [], children: [], messages: [], awaits: null, charges: [] }

function carried({ tenant, id }: Run, seq: number, value: JsonValue): Payload {
  return { tenant, run: id, seq, salt: new Uint8Array(16).fill(seq), value }
}
