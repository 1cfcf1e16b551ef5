import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Entry, Journal, type JournalStore } from '../../journal/index.ts'
import { newId, systemClock } from '../../kernel/index.ts'
import { aRun } from '../fixtures/a-run.ts'
import type { NewRun, RunStore } from '../run-store.ts'
import { aTrigger } from './fixtures/a-trigger.ts'
import type { Trigger } from './trigger.ts'
import type { TriggerStore } from './trigger-store.ts'

export interface OpenTriggerStore {
  readonly triggers: TriggerStore
  readonly runs: RunStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every store of triggers promises. */
export function triggerStoreSuite(name: string, open: () => Promise<OpenTriggerStore>, skip: string | false): void {
  describe(`${name} is a store of triggers`, { skip }, () => {
    let opened: OpenTriggerStore
    let store: TriggerStore
    before(async () => {
      opened = await open()
      store = opened.triggers
    })
    after(() => opened?.close())

    const entry = (tenant: string, type: string, stream = `x:${newId()}`): Entry =>
      new Journal(opened.journal, systemClock).seal({
        tenant,
        stream,
        seq: 0,
        type,
        principal: 'ann',
        correlationId: 'c',
        data: {},
      })
    const made = async (said: Partial<Trigger> = {}) => {
      const trigger = aTrigger(said)
      await store.create(trigger, { position: 10, moment: 1_000 }, [entry(trigger.tenant, 'trigger.created')])
      return trigger
    }
    const runOf = ({ tenant }: Trigger): NewRun => {
      const run = aRun({ tenant })
      return { run, entries: [entry(tenant, 'run.queued', `run:${run.id}`)], payloads: [], dueIn: 0 }
    }
    const standing = async ({ tenant, id }: Trigger) =>
      (await store.triggers(tenant)).find(({ trigger }) => trigger.id === id)!
    const start = async (trigger: Trigger, from: number, to: number, run = runOf(trigger)) => {
      await store.pass(trigger, from, to, { is: 'started', run }, [entry(trigger.tenant, 'trigger.fired')])
      return run
    }
    /** Takes a run out of the queue, as its end does. */
    const end = async ({ run }: NewRun) => {
      const wish = {
        owner: newId(),
        most: 100,
        mostOfTenant: 100,
        mostOfTenantInAll: Infinity,
        lease: 60_000,
        after: '',
      }
      const held = (await opened.runs.claim(wish)).find(each => each.run === run.id)!
      const turn = { payloads: [], children: [], messages: [], awaits: null, charges: [] }
      const entries = [{ ...entry(run.tenant, 'run.completed', `run:${run.id}`), seq: 1 }]
      await opened.runs.advance(held, { ...turn, run: { ...run, state: 'completed' }, entries })
    }

    test('gives back what was saved, and where it is', async () => {
      const trigger = await made()
      assert.deepEqual(await standing(trigger), {
        trigger,
        position: 10,
        moment: 1_000,
        open: 0,
        started: 0,
        failed: 0,
        kept: 0,
        standstills: 0,
        refused: 0,
        trouble: null,
      })
      assert.deepEqual(await store.one(trigger.tenant, trigger.id), trigger)
      assert.equal(await store.one(newId(), trigger.id), undefined)
      assert.ok((await store.triggers()).some(each => each.trigger.id === trigger.id))
    })

    test('has each name once in a tenant, and each version once', async () => {
      const trigger = await made()
      await assert.rejects(made({ tenant: trigger.tenant, name: trigger.name }), { code: 'NAME_TAKEN' })
      const next = { ...trigger, version: 2, description: 'next' }
      await store.save(next, null, [])
      await assert.rejects(store.save({ ...next, description: 'late' }, null, []), { code: 'VERSION_CONFLICT' })
      assert.deepEqual([(await standing(trigger)).trigger.description, (await standing(trigger)).position], ['next', 10]) // prettier-ignore
      await store.save({ ...next, version: 3 }, { position: 20, moment: 2_000 }, [])
      const { position, moment } = await standing(trigger)
      assert.deepEqual([position, moment], [20, 2_000])
    })

    test('moves a trigger and starts its run together, and for one of several who want to', async () => {
      const trigger = await made()
      const runs = [runOf(trigger), runOf(trigger), runOf(trigger)]
      const settled = await Promise.allSettled(runs.map(run => start(trigger, 10, 12, run)))
      const lost = settled.filter(each => each.status === 'rejected')
      assert.deepEqual(lost.map(({ reason }) => (reason as { code: string }).code), ['VERSION_CONFLICT', 'VERSION_CONFLICT']) // prettier-ignore
      const there = await Promise.all(runs.map(({ run }) => opened.runs.run(run.tenant, run.id)))
      assert.deepEqual(there.map(run => run !== undefined), settled.map(({ status }) => status === 'fulfilled')) // prettier-ignore
      const { position, started, open } = await standing(trigger)
      assert.deepEqual([position, started, open], [12, 1, 1])
    })

    test('starts no more than may be open, counts each once, and makes room when one ends', async () => {
      const trigger = await made({ mostOpen: 2 })
      const first = await start(trigger, 10, 11)
      await start(trigger, 11, 12)
      await assert.rejects(start(trigger, 12, 13), { code: 'TRIGGER_FULL' })
      const full = await standing(trigger)
      assert.deepEqual([full.position, full.open, full.started], [12, 2, 2])
      await end(first)
      await start(trigger, 12, 13)
      const { open, started } = await standing(trigger)
      assert.deepEqual([open, started], [2, 3])
    })

    test('counts what could not be started, with the reason, until something is', async () => {
      const trigger = await made()
      await store.pass(trigger, 10, 11, { is: 'failed', why: 'no such workflow' }, [entry(trigger.tenant, 'trigger.failed')]) // prettier-ignore
      await store.pass(trigger, 11, 12, { is: 'refused', why: 'its own' }, [])
      const { failed, refused, trouble, position } = await standing(trigger)
      assert.deepEqual([failed, refused, trouble, position], [1, 1, 'its own', 12])
      await start(trigger, 12, 13)
      assert.equal((await standing(trigger)).trouble, null)
    })

    test('keeps what could not be started, the newest first, until it is redriven, dropped or its trigger removed', async () => {
      const trigger = await made({ mostOpen: 1 })
      const { tenant, id } = trigger
      const offsets = async () => (await store.failures(id, Infinity, 10)).map(({ offset }) => offset)
      for (const [n, why] of ['a', 'b', 'c', 'd'].entries())
        await store.pass(trigger, 10 + n, 11 + n, { is: 'failed', why }, [entry(tenant, 'trigger.failed')])
      assert.deepEqual(await store.failures(id, 14, 2), [{ offset: 13, why: 'c' }, { offset: 12, why: 'b' }]) // prettier-ignore
      const redrive = (offset: number) =>
        store.redrive(trigger, offset, runOf(trigger), [entry(tenant, 'trigger.redriven')])
      await redrive(12)
      assert.deepEqual(await offsets(), [14, 13, 11])
      const { open, started, failed, kept, trouble } = await standing(trigger)
      assert.deepEqual([open, started, failed, kept, trouble], [1, 1, 4, 3, null])
      await assert.rejects(redrive(13), { code: 'TRIGGER_FULL' })
      await store.drop(trigger, 13, [entry(tenant, 'trigger.dropped')])
      await assert.rejects(store.drop(trigger, 13, []), { code: 'NOT_FOUND' })
      assert.deepEqual([await offsets(), await store.kept(id), await store.kept(newId())], [[14, 11], 2, 0])
      await store.remove(tenant, id, [])
      assert.deepEqual(await offsets(), [])
    })

    test('redrives a failure once, of several who want to, and starts nothing for the others', async () => {
      const trigger = await made()
      const { tenant } = trigger
      await store.pass(trigger, 10, 11, { is: 'failed', why: 'a' }, [entry(tenant, 'trigger.failed')])
      const runs = [runOf(trigger), runOf(trigger), runOf(trigger)]
      const settled = await Promise.allSettled(runs.map(run => store.redrive(trigger, 11, run, [])))
      assert.deepEqual(settled.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected', 'rejected'])
      const there = await Promise.all(runs.map(({ run }) => opened.runs.run(run.tenant, run.id)))
      assert.deepEqual(there.map(run => run !== undefined), settled.map(({ status }) => status === 'fulfilled')) // prettier-ignore
      assert.equal((await standing(trigger)).started, 1)
    })

    test('a failure that is redriven and dropped at once has one end', async () => {
      const trigger = await made()
      const { id, tenant } = trigger
      const offsets = [11, 12, 13, 14]
      for (const offset of offsets)
        await store.pass(trigger, offset - 1, offset, { is: 'failed', why: 'a' }, [entry(tenant, 'trigger.failed')])
      const ends = await Promise.all(
        offsets.map(async offset => {
          const run = runOf(trigger)
          const redrive = () => store.redrive(trigger, offset, run, [])
          const drop = () => store.drop(trigger, offset, [])
          const both = offset % 2 === 0 ? [redrive, drop] : [drop, redrive]
          const settled = await Promise.allSettled(both.map(each => each()))
          assert.deepEqual(settled.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
          const redriven = settled[both.indexOf(redrive)]!.status === 'fulfilled'
          assert.equal((await opened.runs.run(tenant, run.run.id)) !== undefined, redriven)
          return redriven
        }),
      )
      const { started, kept } = await standing(trigger)
      assert.deepEqual([started, kept, await store.failures(id, Infinity, 10)], [ends.filter(Boolean).length, 0, []])
    })

    test('has a trigger stand still and go on, for one of several who want to', async () => {
      const trigger = await made()
      const turn = (standstills: number, moment: number, to: number) =>
        store.turn(trigger, { standstills, moment }, to, [{ ...entry(trigger.tenant, 'trigger.stalled', `standstill:${trigger.id}`), seq: standstills }]) // prettier-ignore
      const settled = await Promise.allSettled([1, 2, 3].map(() => turn(0, 1_000, 1_000)))
      assert.deepEqual(settled.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected', 'rejected'])
      const conflict = { code: 'VERSION_CONFLICT' }
      await assert.rejects(turn(1, 999, 2_000), conflict)
      await turn(1, 1_000, 2_000)
      await assert.rejects(turn(1, 2_000, 3_000), conflict)
      const { standstills, moment, position } = await standing(trigger)
      assert.deepEqual([standstills, moment, position], [2, 2_000, 10])
      await store.save({ ...trigger, version: 2 }, null, [])
      await assert.rejects(turn(2, 2_000, 2_000), conflict)
    })

    test('lets nobody move a trigger that was changed, moved or removed meanwhile', async () => {
      const trigger = await made()
      const conflict = { code: 'VERSION_CONFLICT' }
      await store.skip(trigger, 10, 15)
      await assert.rejects(store.skip(trigger, 10, 16), conflict)
      await store.tick(trigger, 1_000, 2_000, [entry(trigger.tenant, 'trigger.due')])
      await assert.rejects(store.tick(trigger, 1_000, 3_000, [entry(trigger.tenant, 'trigger.due')]), conflict)
      await store.save({ ...trigger, version: 2 }, null, [])
      await assert.rejects(store.skip(trigger, 15, 16), conflict)
      await store.remove(trigger.tenant, trigger.id, [])
      await assert.rejects(start({ ...trigger, version: 2 }, 15, 16), conflict)
      await assert.rejects(store.remove(trigger.tenant, trigger.id, []), { code: 'NOT_FOUND' })
    })
  })
}
