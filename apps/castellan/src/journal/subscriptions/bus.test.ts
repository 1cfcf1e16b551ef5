import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../../../../tests/support/control-plane.ts'
import { fc } from '../../../../../tests/support/properties.ts'
import type { SequencedEntry } from '../entry.ts'
import type { Courier, Reception } from './courier.ts'
import type { Delivery } from './delivery.ts'
import { databases, type OpenBus, openBus, type Worker } from './fixtures/open-bus.ts'
import { aSubscription } from './fixtures/subscription.ts'
import { type Subscription, wants } from './subscription.ts'
import type { SubscriptionStore } from './subscription-store.ts'

const accepted: Reception = { is: 'accepted' }
const refused = (change: Partial<Extract<Reception, { is: 'refused' }>> = {}): Reception => ({
  is: 'refused',
  why: 'it answered 500',
  alive: false,
  retryIn: null,
  ...change,
})

describe('a subscriber', () => {
  test('gets what it wants from where it starts on, and nothing of others', async () => {
    await using it = await openBus()
    const before = await it.write('acme', 'call.ended')
    const got: SequencedEntry[] = []
    it.worker(async (_, entry) => (got.push(entry), accepted))
    const actor = { tenant: 'acme', principal: 'ann', correlationId: 'c' }
    const spec = { ...aSubscription({ topic: 'call.*', streamPrefix: 'thing:', principal: 'ann' }), tenant: 'acme' }
    const old = await it.subscriptions.create({ ...spec, name: 'old' }, 'beginning', actor)
    const late = await it.subscriptions.create({ ...spec, name: 'late' }, 'now', actor)
    const after = await it.write('acme', 'call.ended')
    await it.write('acme', 'run.ended')
    await it.write('acme', 'call.ended', 'other:1')
    await it.write('globex', 'call.ended')
    const last = await it.write('acme', 'call.ended')
    await settled(it)
    assert.deepEqual(got.map(({ id }) => id).toSorted(), [before, after, after, last, last].map(({ id }) => id).toSorted()) // prettier-ignore
    assert.equal((await it.subscriptions.get('acme', old.subscription.id)).delivered, 3)
    assert.equal((await it.subscriptions.get('acme', late.subscription.id)).delivered, 2)
    assert.deepEqual(it.bugs, [])
  })

  test('that wants no more is paused, and what comes meanwhile waits', async () => {
    await using it = await openBus()
    let gone = true
    const got: string[] = []
    it.worker(async (_, { id }) => (gone ? { is: 'gone', why: 'it answered 410' } : (got.push(id), accepted)))
    const one = await subscribe(it)
    const entry = await it.write(one.tenant, 'call.ended')
    const { subscription } = await until('it is paused', () => it.subscriptions.get(one.tenant, one.id), each => each.subscription.paused !== null) // prettier-ignore
    assert.equal(subscription.paused?.why, 'it answered 410')
    const second = await it.write(one.tenant, 'call.ended')
    gone = false
    await it.subscriptions.resume(one.id, author(one))
    await settled(it)
    assert.ok([entry, second].every(({ id }) => got.includes(id)))
    const types = (await it.stores.journal.readStream(one.tenant, `subscription:${one.id}`)).map(({ type }) => type)
    assert.deepEqual(types, ['subscription.created', 'subscription.paused', 'subscription.resumed'])
  })

  test('is not asked again before it said', async () => {
    await using it = await openBus()
    it.worker(async () => refused({ retryIn: 3_600_000 }))
    const one = await subscribe(it)
    await it.write(one.tenant, 'call.ended')
    const pending = () => it.stores.subscriptions.pending(one.tenant, one.id, 0, 10)
    const [waits] = await until('it was refused', pending, list => list[0]?.state === 'due' && list[0].attempts === 1)
    assert.ok(waits!.dueIn! > 3_000_000, String(waits!.dueIn))
  })

  test('who hangs holds up nobody else', async () => {
    await using it = await openBus()
    const got = new Set<string>()
    const hangs = await subscribe(it, { concurrency: 100, order: 'none', target: target('https://slow.example') })
    const quick = await subscribe(it, { target: target('https://quick.example') })
    it.worker(async ({ id }, entry, signal) => {
      if (id === quick.id) return (got.add(entry.id), accepted)
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
      return refused()
    })
    for (let count = 0; count < 60; count++) await it.write(hangs.tenant, 'call.ended')
    const wanted = await Promise.all(Array.from({ length: 60 }, () => it.write(quick.tenant, 'call.ended')))
    await until('the other got everything', () => wanted.filter(({ id }) => !got.has(id)).length, missing => missing === 0) // prettier-ignore
  })

  test('nobody answers for gets rest: what waits is no attempt', async () => {
    await using it = await openBus()
    let there = false
    let asked = 0
    it.worker(async () => (asked++, there ? accepted : refused()))
    const one = await subscribe(it, { order: 'none', retry: { maxAttempts: 100, firstPause: 1, longestPause: 1 } })
    await Promise.all(Array.from({ length: 40 }, () => it.write(one.tenant, 'call.ended')))
    await until('the circuit opened', () => asked, count => count >= 8) // prettier-ignore
    there = true
    await settled(it)
    assert.equal((await it.subscriptions.get(one.tenant, one.id)).delivered, 40)
  })
})

describe('what cannot be delivered', () => {
  test('is a dead letter that the journal tells of, and is delivered when it is redriven', async () => {
    await using it = await openBus()
    let there = false
    it.worker(async () => (there ? accepted : refused({ alive: true })))
    const one = await subscribe(it, { retry: { maxAttempts: 3, firstPause: 1, longestPause: 1 } })
    const entry = await it.write(one.tenant, 'call.ended', 'thing:1', 0)
    const next = await it.write(one.tenant, 'call.ended', 'thing:1', 1)
    const letters = await until('both died', () => it.subscriptions.deadLetters(one.tenant, null, null, 10), list => list.length === 2) // prettier-ignore
    assert.deepEqual(letters.map(letter => [letter.entry.id, letter.attempts, letter.why]), [
      [next.id, 3, 'it answered 500'],
      [entry.id, 3, 'it answered 500'],
    ]) // prettier-ignore
    const [told] = await it.stores.journal.readStream(one.tenant, `dead-letter:${letters[1]!.id}`)
    assert.deepEqual([told?.type, told?.causationId, told?.data['of']], ['delivery.dead_lettered', entry.id, 'call.ended']) // prettier-ignore
    there = true
    await it.subscriptions.drop(letters[0]!.id, author(one))
    assert.deepEqual(await it.subscriptions.redriveSome(one.id, null, 10, author(one)), { done: 1, left: 0, next: null }) // prettier-ignore
    await settled(it)
    const { delivered, dead } = await it.subscriptions.get(one.tenant, one.id)
    assert.deepEqual([delivered, dead], [1, 0])
    const lines = await it.stores.journal.readStream(one.tenant, `dead-letter:${letters[1]!.id}`)
    assert.deepEqual(lines.map(({ type }) => type), ['delivery.dead_lettered', 'delivery.redriven']) // prettier-ignore
  })

  test('is not told of for ever, whoever listens', async () => {
    await using it = await openBus()
    it.worker(async () => refused({ alive: true }))
    const retry = { maxAttempts: 1, firstPause: 1, longestPause: 1 }
    const all = { retry, streamPrefix: null }
    const everything = await subscribe(it, all)
    const deaths = await subscribe(it, { ...all, topic: 'delivery.>', tenant: everything.tenant })
    const more = await subscribe(it, { ...all, topic: 'delivery.*', tenant: everything.tenant })
    await it.write(everything.tenant, 'call.ended')
    await settled(it)
    const dead = async ({ id }: Subscription) => (await it.subscriptions.get(everything.tenant, id)).dead
    // That three were created, and that a call ended; and the four deaths of that.
    assert.deepEqual([await dead(everything), await dead(deaths), await dead(more)], [4, 4, 4])
  })
})

test('a worker that stops lets those under way end, or breaks them off and gives them back', async () => {
  await using it = await openBus()
  const begun = Promise.withResolvers<void>()
  const worker = it.worker(async (_, __, signal) => {
    begun.resolve()
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    return refused()
  })
  const one = await subscribe(it)
  await it.write(one.tenant, 'call.ended')
  await begun.promise
  await worker.bus.stop(AbortSignal.abort())
  const [pending] = await it.stores.subscriptions.pending(one.tenant, one.id, 0, 10)
  assert.deepEqual([pending?.state, pending?.attempts], ['due', 0])
})

/** What happens in the course of a property: a line is written, a worker is killed and another comes. */
const events = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.record({ is: fc.constant('line' as const), tenant: fc.nat(1), stream: fc.nat(2), type: fc.constantFrom('call.ended', 'run.ended') }) }, // prettier-ignore
    { weight: 1, arbitrary: fc.record({ is: fc.constant('kill' as const), worker: fc.nat(2) }) },
  ),
  { minLength: 5, maxLength: 50 },
)
const outcomes = fc.array(fc.constantFrom('accepted', 'accepted', 'refused', 'gone away', 'later'), { minLength: 3, maxLength: 20 }) // prettier-ignore

for (const { name, skip, open } of databases) {
  test(
    `whatever fails, each entry arrives in the order of its stream at those who want it, until it has been taken, on ${name}`,
    { skip },
    async () => {
      await fc.assert(
        fc.asyncProperty(events, outcomes, async (course, moods) => {
          await using it = await openBus(open)
          const tenants = ['acme', 'globex']
          const retry = { maxAttempts: 4, firstPause: 1, longestPause: 4 }
          const subscribers = await Promise.all(
            tenants.flatMap(tenant => [
              subscribe(it, { tenant, retry, concurrency: 3 }),
              subscribe(it, { tenant, retry, topic: 'call.*' }),
            ]),
          )
          const log = new Log()
          let asked = 0
          let healed = false
          const courier: Courier = async (subscription, entry) => {
            log.begins(subscription, entry)
            const mood = healed ? 'accepted' : moods[asked++ % moods.length]
            await new Promise(resolve => setImmediate(resolve))
            if (mood === 'accepted') return accepted
            return refused({ alive: mood === 'refused', retryIn: mood === 'later' ? 5 : null })
          }
          const hire = () => it.worker(courier, { slots: 6, lease: 400 }, store => log.watching(store))
          const workers: Worker[] = [hire(), hire(), hire()]
          const written: SequencedEntry[] = []
          const seqs = new Map<string, number>()
          for (const event of course) {
            if (event.is === 'kill') {
              workers[event.worker]!.kill()
              workers[event.worker] = hire()
              continue
            }
            const tenant = tenants[event.tenant]!
            const stream = `thing:${event.stream}`
            const seq = seqs.get(`${tenant} ${stream}`) ?? 0
            seqs.set(`${tenant} ${stream}`, seq + 1)
            written.push((await it.write(tenant, event.type, stream, seq)) as SequencedEntry)
          }
          await settled(it)
          healed = true
          for (const { tenant, id } of subscribers)
            await it.subscriptions.redriveSome(id, null, 10_000, author({ tenant }))
          await settled(it)
          for (const subscription of subscribers) {
            const wanted = written.filter(entry => entry.tenant === subscription.tenant && wants(subscription, entry))
            assert.deepEqual(log.taken(subscription), wanted.map(({ id }) => id).toSorted())
            assert.equal((await it.subscriptions.get(subscription.tenant, subscription.id)).dead, 0)
          }
          assert.deepEqual(log.complaints, [])
          assert.deepEqual(it.bugs, [])
        }),
        { numRuns: 8 },
      )
    },
  )
}

/** What each subscriber was handed, and what the store knew at that moment. */
class Log {
  readonly complaints: string[] = []
  readonly #ids = new Map<string, string>()
  readonly #delivered = new Set<string>()
  /** Of each lane, what was begun and neither taken nor given up. */
  readonly #open = new Map<string, Set<number>>()

  begins({ id, tenant }: Subscription, entry: SequencedEntry): void {
    const key = `${id} ${entry.offset}`
    this.#ids.set(key, entry.id)
    if (entry.tenant !== tenant) this.complaints.push(`${key} is of another tenant`)
    if (this.#delivered.has(key)) this.complaints.push(`${key} was handed over after it had been taken`)
    const lane = `${id} ${entry.stream}`
    const open = this.#open.get(lane) ?? new Set()
    this.#open.set(lane, open)
    const other = [...open].find(offset => offset !== entry.offset)
    if (other !== undefined) this.complaints.push(`${key} overtook ${other}`)
    open.add(entry.offset)
  }

  /** A store whose changes are noted as soon as they are certain. */
  watching(store: SubscriptionStore): SubscriptionStore {
    const leaves = ({ subscription, offset, lane }: Delivery) => this.#open.get(`${subscription.id} ${lane}`)?.delete(offset) // prettier-ignore
    return {
      ...store,
      delivered: async delivery => {
        await store.delivered(delivery)
        this.#delivered.add(`${delivery.subscription.id} ${delivery.offset}`)
        leaves(delivery)
      },
      bury: async (delivery, ...rest) => {
        await store.bury(delivery, ...rest)
        leaves(delivery)
      },
    }
  }

  taken({ id }: Subscription): string[] {
    return [...this.#delivered]
      .filter(key => key.startsWith(id))
      .map(key => this.#ids.get(key)!)
      .toSorted()
  }
}

function author({ tenant }: { readonly tenant: string }) {
  return { tenant, principal: 'ann', correlationId: 'c' }
}

function target(url: string): Subscription['target'] {
  return { kind: 'webhook', url, secret: 'hook' }
}

/** To what is written into the journal here, from the beginning; in a tenant of its own unless told otherwise. */
async function subscribe({ subscriptions }: OpenBus, change: Partial<Subscription> = {}): Promise<Subscription> {
  const { id: _, version: __, paused: ___, tenant, ...spec } = aSubscription({ streamPrefix: 'thing:', ...change })
  return (await subscriptions.create(spec, 'beginning', author({ tenant }))).subscription
}

/** Resolves when the journal was looked through for everybody, and nothing is on its way. */
async function settled({ stores, subscriptions }: OpenBus): Promise<void> {
  await until(
    'everything was looked through and nothing is on its way',
    async () => {
      const standings = await subscriptions.list()
      const missing = await Promise.all(
        standings.map(async ({ subscription, cursor }) => {
          const rest = await stores.journal.read(cursor, 1_000, { tenant: subscription.tenant })
          return rest.filter(entry => wants(subscription, entry)).length
        }),
      )
      return { missing, pending: standings.map(({ pending }) => pending) }
    },
    seen => [...seen.missing, ...seen.pending].every(count => count === 0),
  )
}
