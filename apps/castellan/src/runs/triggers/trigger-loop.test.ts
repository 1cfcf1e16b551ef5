import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cronerCalendar } from '../../adapters/calendar-croner/index.ts'
import { openSqlite } from '../../adapters/store-sql/index.ts'
import type { Identity } from '../../identity/index.ts'
import { Journal } from '../../journal/index.ts'
import { manualClock, newId } from '../../kernel/index.ts'
import { fc } from '../../../../../tests/support/properties.ts'
import { aRun } from '../fixtures/a-run.ts'
import { expressions } from '../workflow/fixtures/a-workflow.ts'
import { aTrigger } from './fixtures/a-trigger.ts'
import { Ignition } from './ignition.ts'
import { type CatchUp, standsStill, type Trigger, type TriggerStanding } from './trigger.ts'
import { TriggerLoop } from './trigger-loop.ts'

const tenant = 'acme'

/** Triggers on a real store, looked after by as many processes as are made; what they start is played. */
async function openTriggers({ mostKept = 1_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-triggers-'))
  const clock = manualClock('2026-06-01T12:00:00Z')
  const stores = await openSqlite({ folder, clock })
  const journal = new Journal(stores.journal, clock)
  const ignition = new Ignition({
    journal,
    expressions,
    actingFor: async (_, by) => ({ principal: { id: by.principal } }) as Identity,
    async prepare({ input }, _identity, { correlationId }) {
      const run = aRun({ tenant, correlationId })
      const queued = { tenant, stream: `run:${run.id}`, seq: 0, type: 'run.queued', principal: 'ann', correlationId }
      const value = { salt: new Uint8Array([1]), value: input }
      return { run, entries: [journal.seal({ ...queued, data: {} })], payloads: [{ tenant, run: run.id, seq: 0, ...value }], dueIn: 0 } // prettier-ignore
    },
  })
  const parts = { store: stores.triggers, journal, ignition, calendar: cronerCalendar, clock, mostKept }
  const bugs: unknown[] = []
  const all = { ...parts, started: () => undefined, onBug: (error: unknown) => void bugs.push(error) }
  return {
    clock,
    bugs,
    journal,
    store: stores.triggers,
    /** One process. */
    process: () => new TriggerLoop(all),
    make: async (said: Partial<Trigger>) => {
      const trigger = aTrigger({ tenant, ...said })
      await stores.triggers.create(
        trigger,
        { position: await stores.journal.head(), moment: clock.now().getTime() },
        [],
      )
      return trigger
    },
    happen: (n: number) =>
      journal.append({
        tenant,
        stream: `event:${newId()}`,
        seq: 0,
        type: 'custom.n',
        principal: 'ann',
        correlationId: newId(),
        data: { n },
      }),
    told: (topic: string) => stores.journal.read(0, 1_000, { tenant, topic }),
    moments: async () =>
      (await stores.journal.read(0, 1_000, { tenant, topic: 'trigger.due' })).map(({ data }) => String(data['moment']).slice(11, 16)), // prettier-ignore
    /** What its runs were given, in order. */
    given: async () => {
      const runs = (await stores.runs.runs(tenant, {}, null, 1_000)).toReversed()
      const lines = await Promise.all(runs.map(({ id }) => stores.runs.lines(tenant, id, 0)))
      return lines.map(({ payloads }) => payloads.get(0)!.value)
    },
    async [Symbol.asyncDispose]() {
      await stores.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Turns until there is nothing more at once. */
async function settle(...loops: readonly TriggerLoop[]): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    for (const loop of loops) loop.changed()
    const found = await Promise.all(loops.map(loop => loop.turn()))
    quiet = found.includes(true) ? 0 : quiet + 1
  }
}

describe('moments that passed while nobody was there', () => {
  const caughtUp = async (catchUp: CatchUp, minutes: number) => {
    await using it = await openTriggers()
    await it.make({ source: { is: 'cron', expression: '*/10 * * * *', zone: 'UTC', catchUp } })
    it.clock.advance(minutes * 60_000)
    await settle(it.process(), it.process())
    return it.moments()
  }

  test('count as it is set: the last of them, none, or all, and each once with several processes', async () => {
    assert.deepEqual(await caughtUp('last', 35), ['12:30'])
    assert.deepEqual(await caughtUp('none', 35), [])
    assert.deepEqual(await caughtUp('all', 35), ['12:10', '12:20', '12:30'])
  })

  test('are caught up on within bounds', async () => {
    const moments = await caughtUp('all', 10 * 250)
    assert.equal(moments.length, 100)
    assert.equal(moments.at(-1), '05:40')
  })

  test('are no longer so when somebody is there in time', async () => {
    assert.deepEqual(await caughtUp('none', 10.5), ['12:10'])
    assert.deepEqual(await caughtUp('last', 9.9), [])
  })
})

describe('a trigger of which as much failed as may be kept', () => {
  const input = '=entry.data.n > 6 ? $error("too much") : entry.data.n'
  const starts = { kind: 'workflow', name: 'x', input, priority: 0 } as const

  test('stands still where it is, tells of it once, and passes over nothing once there is room again', async () => {
    await using it = await openTriggers({ mostKept: 2 })
    const { id, ...trigger } = await it.make({ starts })
    const loops = [it.process(), it.process(), it.process()]
    const see = async () => {
      await settle(...loops)
      const told = await it.told('trigger.*')
      const [{ position, kept, standstills }] = (await it.store.triggers(tenant)) as [TriggerStanding]
      const types = told.map(({ type }) => type.slice(8)).filter(type => type !== 'fired' && type !== 'failed')
      return { given: await it.given(), kept, stalled: standsStill({ standstills }), types, position }
    }
    const drop = async () => {
      const [newest] = await it.store.failures(id, Infinity, 1)
      await it.store.drop({ ...trigger, id }, newest!.offset, [])
    }
    for (const n of [1, 9, 8, 7, 2]) await it.happen(n)
    const second = (await it.told('custom.n'))[2]!.offset
    assert.deepEqual(await see(), { given: [1], kept: 2, stalled: true, types: ['stalled'], position: second })
    await it.happen(3)
    assert.deepEqual((await see()).types, ['stalled'])
    await drop()
    const again = await see()
    assert.deepEqual([again.given, again.kept, again.types], [[1], 2, ['stalled', 'resumed', 'stalled']])
    await drop()
    const { position: _, ...over } = await see()
    assert.deepEqual(over, { given: [1, 2, 3], kept: 1, stalled: false, types: ['stalled', 'resumed', 'stalled', 'resumed'] }) // prettier-ignore
    const [stalled] = await it.told('trigger.stalled')
    assert.deepEqual(stalled!.data, { ...stalled!.data, trigger: id, kept: 2, limit: 2, cursor: second })
    assert.deepEqual(it.bugs, [])
  })

  test('tells of the moments that passed meanwhile, all of them at once, and starts nothing for them', async () => {
    await using it = await openTriggers({ mostKept: 1 })
    const source = { is: 'cron', expression: '*/10 * * * *', zone: 'UTC', catchUp: 'all' } as const
    const trigger = await it.make({ source, starts: { ...starts, input: '=$error("never")' } })
    const loops = [it.process(), it.process()]
    const pass = async (minutes: number) => {
      it.clock.advance(minutes * 60_000)
      await settle(...loops)
    }
    await pass(10)
    await pass(35)
    assert.deepEqual(await it.moments(), ['12:10'])
    assert.deepEqual(await it.told('trigger.missed'), [])
    const [failure] = await it.store.failures(trigger.id, Infinity, 2)
    await it.store.drop(trigger, failure!.offset, [])
    await pass(0)
    const missed = await it.told('trigger.missed')
    assert.deepEqual(missed.map(({ data: { first, last, count } }) => [first, last, count]), [['2026-06-01T12:20:00.000Z', '2026-06-01T12:40:00.000Z', 3]]) // prettier-ignore
    await pass(10)
    assert.deepEqual(await it.moments(), ['12:10', '12:50'])
  })

  test('that may keep fewer than it does stands still from the start', async () => {
    await using it = await openTriggers({ mostKept: 1 })
    const { id, ...trigger } = await it.make({ starts })
    const { position } = (await it.store.triggers(tenant))[0]!
    for (const offset of [position + 1, position + 2])
      await it.store.pass({ ...trigger, id }, offset - 1, offset, { is: 'failed', why: 'before' }, [])
    await it.happen(1)
    await it.happen(2)
    await it.happen(3)
    await settle(it.process())
    assert.deepEqual(await it.given(), [])
    assert.equal((await it.told('trigger.stalled')).length, 1)
  })
})

test('each entry starts one run, in order, however many processes look at once and whenever they begin anew', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom('turn', 'restart'))),
      async steps => {
        await using it = await openTriggers()
        await it.make({ condition: 'entry.data.n < 7', starts: { kind: 'workflow', name: 'x', input: '=entry.data.n', priority: 0 } }) // prettier-ignore
        let loops = [it.process(), it.process(), it.process()]
        const wanted: number[] = []
        for (const step of steps) {
          if (step === 'turn') {
            for (const loop of loops) loop.changed()
            await Promise.all(loops.map(loop => loop.turn()))
          } else if (step === 'restart') loops = [it.process(), it.process()]
          else {
            await it.happen(step)
            if (step < 7) wanted.push(step)
          }
        }
        await settle(...loops)
        assert.deepEqual(await it.given(), wanted)
        assert.deepEqual(it.bugs, [])
      },
    ),
    { numRuns: 15 },
  )
})
