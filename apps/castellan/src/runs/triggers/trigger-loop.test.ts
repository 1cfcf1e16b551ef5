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
import type { CatchUp, Trigger } from './trigger.ts'
import { TriggerLoop } from './trigger-loop.ts'

const tenant = 'acme'

/** Triggers on a real store, looked after by as many processes as are made; what they start is played. */
async function openTriggers() {
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
  const parts = { store: stores.triggers, journal, ignition, calendar: cronerCalendar, clock }
  const bugs: unknown[] = []
  const all = { ...parts, started: () => undefined, onBug: (error: unknown) => void bugs.push(error) }
  return {
    clock,
    bugs,
    journal,
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
