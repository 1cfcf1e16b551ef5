import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openSqlite } from '../../adapters/store-sql/index.ts'
import type { Actor } from '../../identity/index.ts'
import { type Entry, Journal } from '../../journal/index.ts'
import { digestJson, fault, type JsonObject, newId, systemClock } from '../../kernel/index.ts'
import type { Capability, Discovery } from '../capability.ts'
import { emptyDiscovery } from '../fixtures/discovery.ts'
import { aServer } from '../fixtures/server.ts'
import type { Server } from '../server.ts'
import type { Inspection } from './assess.ts'
import type { Pin } from './pin.ts'
import type { Pinning } from './pinning.ts'
import type { PinStore } from './pin-store.ts'
import { Pins } from './pins.ts'

const system: Actor = { tenant: 'default', principal: 'system', correlationId: 'c1' }
const ann: Actor = { ...system, principal: 'ann' }
const server = aServer()
const read = { name: 'read', description: 'Reads.', inputSchema: { type: 'object', properties: {} } }
const reworded = { ...read, description: 'Reads a file.' }
const pulled = { ...read, description: 'Reads. Then see https://elsewhere.example.' }

describe('what a server offers', () => {
  test('is trusted as a whole when it is seen first, which the journal tells in one line', async () => {
    await using office = await open()
    assert.ok(office.withheld(read), 'nothing is trusted before it was looked at')
    await office.show(read, { ...read, name: 'write' })
    assert.deepEqual([office.withheld(read), office.withheld({ ...read, name: 'write' })], [null, null])
    const [entry, ...others] = await office.entries()
    assert.equal(others.length, 0)
    assert.equal(entry!.type, 'server.pin_first_use')
    assert.deepEqual(entry!.data.capabilities, {
      'tool read': digestJson(read),
      'tool write': digestJson({ ...read, name: 'write' }),
    })
    assert.equal(office.pin('read').approved?.how, 'first_use')
  })

  test('is not looked at again while it stays the same, and not for what may differ each time', async () => {
    await using office = await open()
    await office.show({ ...read, _meta: { asked: 1 } })
    const before = office.inspected.length
    assert.equal(await office.show({ ...read, _meta: { asked: 2 } }), false)
    assert.equal(office.withheld({ ...read, _meta: { asked: 3 } }), null)
    assert.equal(office.inspected.length, before)
    assert.equal((await office.entries()).length, 1)
  })

  test('is quarantined when it changed in a risky way, and offered again when that is taken back', async () => {
    await using office = await open()
    await office.show(read)
    assert.equal(await office.show(pulled), true)
    assert.match(office.withheld(pulled)!, /waits for review/)
    await office.show(read)
    assert.equal(office.withheld(read), null)
    assert.deepEqual(await office.types(), ['server.pin_first_use', 'server.pin_quarantined', 'server.pin_restored'])
    assert.equal(office.pin('read').waiting, null)
  })

  test('is pinned anew by itself when it changed in a harmless way', async () => {
    await using office = await open()
    await office.show(read)
    await office.show(reworded)
    assert.equal(office.withheld(reworded), null)
    assert.ok(office.withheld(read), 'what a server no longer says is not what it offers')
    assert.deepEqual(await office.types(), ['server.pin_first_use', 'server.pin_renewed'])
  })

  test('is measured against what was reviewed, so that many small changes are not a large one', async () => {
    await using office = await open()
    const bounded = (maxLength: number) => ({ ...read, inputSchema: { type: 'string', maxLength } })
    await office.show(bounded(10))
    for (const length of [8, 5]) {
      await office.show(bounded(length))
      assert.equal(office.withheld(bounded(length)), null)
    }
    await office.show(bounded(10))
    assert.equal(office.withheld(bounded(10)), null, 'it may go back to what was reviewed')
    await office.show(bounded(11))
    assert.match(office.withheld(bounded(11))!, /waits/)
  })

  test('waits when a new tool comes with orders, and not when it comes without', async () => {
    await using office = await open()
    office.found = text => (text.includes('obey') ? [{ category: 'order', words: 'obey', certain: true }] : [])
    await office.show(read)
    const [good, bad] = [{ name: 'good' }, { name: 'bad', description: 'obey' }]
    await office.show(read, good, bad)
    assert.deepEqual([office.withheld(read), office.withheld(good)], [null, null])
    assert.match(office.withheld(bad)!, /waits/)
  })

  test('waits from the start when it comes with orders', async () => {
    await using office = await open()
    office.found = () => [{ category: 'order', words: 'Reads', certain: true }]
    await office.show(read)
    assert.match(office.withheld(read)!, /waits/)
    assert.equal(office.pin('read').approved, null)
    assert.equal((await office.pins.get('default', office.pin('read').id)).was, null)
  })

  test('waits when the detectors fail', async () => {
    await using office = await open()
    office.found = () => {
      throw new Error('broken')
    }
    await office.show(read)
    assert.deepEqual(office.pin('read').waiting?.changes.map(each => each.class), ['uninspected']) // prettier-ignore
    assert.equal(office.troubles.length, 1)
  })

  test('waits when it is more than anybody can look at', async () => {
    await using office = await open()
    const endless = { ...read, description: 'x'.repeat(300_000) }
    await office.show(endless)
    assert.match(office.withheld(endless)!, /waits/)
    assert.equal(office.inspected.length, 0)
  })

  test('is told of in instructions, too, which are pinned like a capability', async () => {
    await using office = await open()
    await office.show(read)
    await office.look({ ...discovery(read), instructions: 'Read first.' })
    assert.equal(office.pin('instructions').approved?.how, 'first_use')
    await office.look({ ...discovery(read), instructions: 'Read first, at https://elsewhere.example.' })
    assert.ok(office.pin('instructions').waiting)
  })
})

describe('how strictly it is held to its pins', () => {
  const strictness: readonly (readonly [Pinning, first: boolean, reworded: boolean, pulled: boolean])[] = [
    ['enforce', true, true, false],
    ['review', false, false, false],
    ['warn', true, true, true],
    ['off', true, true, true],
  ]
  for (const [pinning, first, again, risky] of strictness) {
    test(`is a setting: ${pinning}`, async () => {
      await using office = await open(pinning)
      const offered = []
      for (const definition of [read, reworded, pulled]) {
        await office.show(definition)
        offered.push(office.withheld(definition) === null)
      }
      assert.deepEqual(offered, [first, again, risky])
      const waiting = pinning === 'off' ? undefined : office.pin('read').waiting
      assert.equal(waiting != null, pinning !== 'off', 'what passes with a warning is recorded all the same')
    })
  }

  test('can be made stricter, and then what only was recorded is kept back', async () => {
    await using office = await open('warn')
    await office.show(read)
    await office.show(pulled)
    assert.equal(office.withheld(pulled), null)
    assert.match(office.withheld(pulled, 'enforce')!, /waits/)
  })
})

describe('a person', () => {
  test('approves exactly the definition that waits, and it is offered from then on', async () => {
    await using office = await open()
    await office.show(read)
    await office.show(pulled)
    const { id } = office.pin('read')
    const shown = await office.pins.get('default', id)
    assert.deepEqual([shown.was, shown.is], [read, pulled])
    assert.deepEqual(shown.pin.waiting?.changes.map(each => each.class).sort(), ['new_url', 'wording'])
    await office.pins.approve(id, digestJson(pulled), ann)
    assert.equal(office.withheld(pulled), null)
    assert.deepEqual(office.pin('read').approved?.how, 'review')
    const entry = (await office.entries()).at(-1)!
    assert.deepEqual(
      [entry.type, entry.principal, entry.data.digest],
      ['server.pin_approved', 'ann', digestJson(pulled)],
    )
    await office.pins.approve(id, digestJson(pulled), ann)
    assert.equal((await office.entries()).length, 3, 'to say so again changes nothing')
  })

  test('cannot approve one that changed again meanwhile, one that was before, or one nobody ever saw', async () => {
    await using office = await open()
    await office.show(read)
    await office.show(pulled)
    const { id } = office.pin('read')
    await office.show({ ...pulled, title: 'Look' })
    for (const digest of [digestJson(pulled), digestJson(read), digestJson('x')]) {
      await assert.rejects(office.pins.approve(id, digest, ann), { code: 'PIN_CONFLICT' })
      await assert.rejects(office.pins.reject(id, digest, ann), { code: 'PIN_CONFLICT' })
    }
    assert.equal((await office.entries()).length, 3)
  })

  test('rejects one, and it stays out whatever words it comes in', async () => {
    await using office = await open('review')
    await office.show(read)
    await office.pins.reject(office.pin('read').id, digestJson(read), ann)
    assert.match(office.withheld(read)!, /rejected/)
    const strict = office.server
    office.server = { ...strict, pinning: 'enforce' }
    await office.show(reworded)
    assert.match(office.withheld(reworded)!, /waits/)
  })

  test('takes back that something was trusted', async () => {
    await using office = await open()
    await office.show(read)
    const { id } = office.pin('read')
    await office.pins.reject(id, digestJson(read), ann)
    assert.match(office.withheld(read)!, /rejected/)
    await office.show(read)
    assert.match(office.withheld(read)!, /rejected/)
    await office.pins.approve(id, digestJson(read), ann)
    assert.equal(office.withheld(read), null)
  })

  test('of another tenant sees no pin and decides about none', async () => {
    await using office = await open()
    await office.show(read)
    const { id } = office.pin('read')
    const stranger = { ...ann, tenant: 'other' }
    assert.deepEqual(office.pins.list('other'), [])
    await assert.rejects(office.pins.get('other', id), { code: 'NOT_FOUND' })
    await assert.rejects(office.pins.reject(id, digestJson(read), stranger), { code: 'NOT_FOUND' })
    await assert.rejects(office.pins.approve(id, digestJson(read), stranger), { code: 'NOT_FOUND' })
  })
})

describe('pins', () => {
  test('are after a restart what they were before, quarantine and all', async () => {
    await using office = await open()
    await office.show(read, { name: 'other' })
    await office.show(pulled, { name: 'other' })
    const before = office.pins.list('default')
    await office.restart()
    assert.deepEqual(office.pins.list('default'), before)
    assert.match(office.withheld(pulled)!, /waits/)
    assert.equal(office.withheld({ name: 'other' }), null)
  })

  test('are those of a name: a server that was removed and comes back is held to them', async () => {
    await using office = await open()
    await office.show(read)
    office.server = { ...server, id: newId() }
    await office.show(pulled)
    assert.match(office.withheld(pulled)!, /waits/)
  })

  test('of one tenant say nothing about a server of the same name in another', async () => {
    await using office = await open()
    await office.show(read)
    office.server = { ...server, id: newId(), tenant: 'other' }
    assert.ok(office.withheld(read))
    await office.show(pulled)
    assert.equal(office.withheld(pulled), null)
  })

  test('that cannot be read when it starts let nothing pass, until they can be', async () => {
    await using office = await open()
    await office.show(read)
    office.broken = true
    await office.restart()
    assert.match(office.withheld(read)!, /cannot be read/)
    assert.ok(office.pins.trouble)
    office.broken = false
    await office.pins.load()
    assert.equal(office.withheld(read), null)
    assert.equal(office.pins.trouble, null)
  })

  test('that cannot be read when a server is looked at let nothing of it pass, until they can be', async () => {
    await using office = await open()
    await office.show(read)
    office.broken = true
    assert.equal(await office.show(reworded), true)
    assert.match(office.withheld(read)!, /cannot be read/)
    assert.match(office.withheld(reworded)!, /cannot be read/)
    office.broken = false
    assert.equal(await office.show(read), true)
    assert.equal(office.withheld(read), null)
    assert.equal(office.pins.isLost(office.server), false)
  })

  test('that cannot be written let nothing pass of a server that changed, until they can be', async () => {
    await using office = await open()
    await office.show(read)
    office.full = true
    await assert.rejects(office.show(pulled), { code: 'STORE_UNAVAILABLE' })
    // It is not what it was, even if nobody could write that down.
    assert.match(office.withheld(read)!, /cannot be read/)
    office.full = false
    await office.pins.approve(office.pin('read').id, digestJson(read), ann)
    assert.match(office.withheld(read)!, /cannot be read/, 'whatever is decided about what was')
    await office.show(read)
    assert.equal(office.withheld(read), null)
  })

  test('whose definitions are gone do not pass for new', async () => {
    await using office = await open()
    await office.show(read)
    office.forgetful = true
    await office.show(reworded)
    assert.match(office.withheld(reworded)!, /waits/)
  })

  test('are decided once when two look at the same time', async () => {
    await using office = await open()
    const other = office.another()
    await other.load()
    await Promise.all([office.show(read), other.review(server, discovery(read), [], system)])
    assert.deepEqual(await office.types(), ['server.pin_first_use'])
    await Promise.all([office.show(pulled), other.review(server, discovery(pulled), [], system)])
    assert.deepEqual(await office.types(), ['server.pin_first_use', 'server.pin_quarantined'])
    assert.match(office.withheld(pulled)!, /waits/)
  })

  test('of resources that come and go are not remembered for ever', async () => {
    await using office = await open()
    const resources = (from: number): Discovery => ({
      ...emptyDiscovery,
      capabilities: Array.from({ length: 4_000 }, (_, index) =>
        capability({ uri: `log://${from + index}` }, 'resource'),
      ),
    })
    for (const from of [0, 4_000, 8_000, 12_000]) await office.look(resources(from))
    assert.ok(office.pins.list('default').length <= 9_000)
    assert.equal(office.pins.withheld(server, capability({ uri: 'log://15999' }, 'resource')), null)
  })
})

function capability(definition: JsonObject, primitive: Capability['primitive'] = 'tool'): Capability {
  const name = String(definition.name ?? definition.uri)
  return { server: server.id, primitive, name, definition, digest: digestJson(definition), impliedEffect: null }
}

function discovery(...tools: readonly JsonObject[]): Discovery {
  return { ...emptyDiscovery, capabilities: tools.map(tool => capability(tool)) }
}

/** Pins on a real store, whose reading can be broken. */
interface Office extends AsyncDisposable {
  pins: Pins
  server: Server
  broken: boolean
  full: boolean
  forgetful: boolean
  found: (text: string) => Inspection['findings']
  readonly inspected: string[]
  readonly troubles: unknown[]
  another(): Pins
  restart(): Promise<void>
  look(seen: Discovery): Promise<boolean>
  show(...tools: readonly JsonObject[]): Promise<boolean>
  withheld(tool: JsonObject, how?: Pinning): string | null
  pin(name: string): Pin
  entries(): Promise<Entry[]>
  types(): Promise<string[]>
}

async function open(pinning: Pinning = 'enforce'): Promise<Office> {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-pins-'))
  const stores = await openSqlite({ folder, clock: systemClock })
  const state: Office = {
    pins: null as unknown as Pins,
    server: { ...server, pinning },
    broken: false,
    full: false,
    forgetful: false,
    inspected: [],
    troubles: [],
    found: () => [],
    another: () =>
      new Pins({
        store,
        journal: new Journal(stores.journal, systemClock),
        clock: systemClock,
        inspect: async texts => {
          const text = texts.join('\n')
          state.inspected.push(text)
          return { findings: state.found(text), blind: null }
        },
        onTrouble: error => void state.troubles.push(error),
      }),
    async restart() {
      state.pins = state.another()
      await state.pins.load()
    },
    look: (seen: Discovery) => state.pins.review(state.server, seen, [], { ...system, tenant: state.server.tenant }),
    show: (...tools: readonly JsonObject[]) => state.look(discovery(...tools)),
    withheld: (tool, how = state.server.pinning ?? 'enforce') =>
      state.pins.withheld({ ...state.server, pinning: how }, capability(tool)),
    pin: (name: string) => state.pins.list('default').find(({ pin }) => pin.name === name)!.pin,
    entries: () => stores.journal.readStream('default', 'pins:files'),
    types: async () => (await state.entries()).map(({ type }) => type),
    async [Symbol.asyncDispose]() {
      await stores.close()
      await rm(folder, { recursive: true })
    },
  }
  const unlessBroken = <T>(read: () => Promise<T>, broken = state.broken): Promise<T> =>
    broken ? Promise.reject(fault('STORE_UNAVAILABLE', { why: 'the test says so' })) : read()
  const store: PinStore = {
    books: () => unlessBroken(() => stores.pins.books()),
    book: (tenant, name) => unlessBroken(() => stores.pins.book(tenant, name)),
    definitions: async (tenant, name) => (state.forgetful ? {} : stores.pins.definitions(tenant, name)),
    save: (...given) => unlessBroken(() => stores.pins.save(...given), state.full),
  }
  await state.restart()
  return state
}
