import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isoTime, newId, systemClock } from '../../kernel/index.ts'
import type { Entry } from '../entry.ts'
import { Journal } from '../journal.ts'
import type { JournalStore } from '../journal-store.ts'
import type { DeadLetter, Delivery } from './delivery.ts'
import { aSubscription } from './fixtures/subscription.ts'
import type { Standing, Subscription } from './subscription.ts'
import type { DeliveryWish, SubscriptionStore } from './subscription-store.ts'

export interface OpenSubscriptionStore {
  readonly journal: JournalStore
  readonly subscriptions: SubscriptionStore
  close(): Promise<void>
}

export function subscriptionStoreSuite(
  name: string,
  open: () => Promise<OpenSubscriptionStore>,
  skip: string | false,
): void {
  describe(`${name} is a subscription store`, { skip }, () => {
    let opened: OpenSubscriptionStore
    let store: SubscriptionStore
    before(async () => {
      opened = await open()
      store = opened.subscriptions
    })
    after(() => opened?.close())

    const create = async (change: Partial<Subscription> = {}, cursor = 0): Promise<Subscription> => {
      const subscription = aSubscription(change)
      await store.create(subscription, cursor, [line(subscription)])
      return subscription
    }
    const feed = (subscription: Subscription, from: number, lanes: readonly string[]) =>
      store.feed(
        subscription,
        from,
        from + lanes.length,
        lanes.map((lane, index) => ({ offset: from + 1 + index, lane })),
      )
    const claim = (wish: Partial<DeliveryWish> = {}) =>
      store.claim({
        owner: 'one',
        most: 10,
        mostOfTenant: 10,
        lease: 60_000,
        after: '',
        except: new Set(),
        ...wish,
      })
    /** Nothing of the tests before is due any more. */
    const clear = async () => {
      for (const { subscription } of await store.subscriptions())
        await store.remove(subscription.tenant, subscription.id, [])
    }
    const standing = async ({ tenant, id }: Subscription): Promise<Omit<Standing, 'subscription'>> => {
      const { subscription: _, ...rest } = (await store.subscriptions(tenant)).find(
        each => each.subscription.id === id,
      )!
      return rest
    }
    function line({ tenant, id, version }: Subscription, seq = version - 1): Entry {
      return new Journal(opened.journal, systemClock).seal({
        tenant,
        stream: `subscription:${id}`,
        seq,
        type: 'subscription.created',
        principal: 'ann',
        correlationId: newId(),
        data: {},
      })
    }

    test('a subscription is kept with its journal line, and its name is its own in its tenant', async () => {
      const one = await create({ name: 'audit' }, 7)
      assert.deepEqual(await store.subscriptions(one.tenant), [
        { subscription: one, cursor: 7, pending: 0, delivered: 0, dead: 0, failures: 0, trouble: null },
      ])
      assert.equal((await opened.journal.readStream(one.tenant, `subscription:${one.id}`)).length, 1)
      const other = aSubscription({ name: 'audit', tenant: one.tenant })
      await assert.rejects(store.create(other, 0, [line(other)]), { code: 'NAME_TAKEN' })
      assert.deepEqual(await opened.journal.readStream(one.tenant, `subscription:${other.id}`), [])
      await create({ name: 'audit' })
    })

    test('of two who change a subscription one gets through, and it stays where it is', async () => {
      const one = await create({}, 5)
      const next = { ...one, topic: 'run.>', version: 2 }
      await store.save(next, [line(next)])
      await assert.rejects(store.save({ ...next, topic: 'x' }, [line(next)]), { code: 'VERSION_CONFLICT' })
      const [{ subscription, cursor } = assert.fail()] = await store.subscriptions(one.tenant)
      assert.deepEqual([subscription, cursor], [next, 5])
    })

    test('a subscription goes with everything of it', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a', 'b'])
      const [first] = await claim()
      await store.bury(first!, letterOf(first!), [])
      await assert.rejects(store.remove(newId(), one.id, []), { code: 'NOT_FOUND' })
      await store.remove(one.tenant, one.id, [line(one, 1)])
      assert.deepEqual(await claim(), [])
      assert.deepEqual(await store.deadLetters(one.tenant, null, null, 10), [])
      await assert.rejects(store.remove(one.tenant, one.id, []), { code: 'NOT_FOUND' })
    })

    test('of all who move a cursor at once one does, and what it found is there once', async () => {
      await clear()
      const one = await create()
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => feed(one, 0, ['a', 'b', 'c'])))
      assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const each of all) if (each.status === 'rejected') assert.equal(each.reason.code, 'VERSION_CONFLICT')
      assert.deepEqual([(await standing(one)).cursor, (await standing(one)).pending], [3, 3])
      assert.deepEqual((await store.pending(one.tenant, one.id, 0, 10)).map(({ offset }) => offset), [1, 2, 3]) // prettier-ignore
    })

    test('a cursor stands still while its subscription is paused, and for those who know an older version', async () => {
      const one = await create()
      const paused = { ...one, version: 2, paused: { why: 'enough', at: isoTime(new Date()) } }
      await store.save(paused, [line(paused)])
      await assert.rejects(feed(paused, 0, ['a']), { code: 'VERSION_CONFLICT' })
      const on = { ...paused, version: 3, paused: null }
      await store.save(on, [line(on)])
      await assert.rejects(feed(one, 0, ['a']), { code: 'VERSION_CONFLICT' })
      await feed(on, 0, ['a'])
    })

    test('one of all who want a delivery gets it, and nobody else until the lease is over', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a'])
      const owners = ['one', 'two', 'three', 'four']
      const all = (await Promise.all(owners.map(owner => claim({ owner })))).flat()
      assert.deepEqual(
        all.map(({ offset, attempt, fence, subscription }) => [offset, attempt, fence, subscription]),
        [[1, 1, 1, one]],
      )
      assert.deepEqual(await claim({ owner: 'five' }), [])
      assert.equal((await store.pending(one.tenant, one.id, 0, 10))[0]?.state, 'underWay')
    })

    test('whose lease is over has lost the delivery, and can say nothing more of it', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a'])
      const [slow] = await claim({ lease: 0 })
      const [quick] = await claim({ owner: 'two' })
      assert.deepEqual([quick!.fence, quick!.attempt], [2, 2])
      await assert.rejects(store.delivered(slow!), { code: 'DELIVERY_LOST' })
      await assert.rejects(store.retry(slow!, 0, 'no'), { code: 'DELIVERY_LOST' })
      await assert.rejects(store.bury(slow!, letterOf(slow!), []), { code: 'DELIVERY_LOST' })
      await store.giveBack(slow!, 0)
      assert.deepEqual(await claim({ owner: 'three' }), [])
      await store.delivered(quick!)
      assert.deepEqual(await standing(one), {
        cursor: 1,
        pending: 0,
        delivered: 1,
        dead: 0,
        failures: 0,
        trouble: null,
      })
    })

    test('what has arrived leaves nothing behind, and lets the next of its lane go', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a', 'a', 'b', 'a'])
      const first = await claim()
      assert.deepEqual(first.map(({ offset }) => offset), [1, 3]) // prettier-ignore
      await store.delivered(first[0]!)
      const [next] = await claim()
      assert.equal(next!.offset, 2)
      // What comes while one is under way waits as well.
      await feed(one, 4, ['a'])
      assert.deepEqual(await claim(), [])
      await store.delivered(next!)
      assert.deepEqual((await claim()).map(({ offset }) => offset), [4]) // prettier-ignore
      assert.deepEqual(
        (await store.pending(one.tenant, one.id, 0, 10)).map(({ offset, state }) => [offset, state]),
        [
          [3, 'underWay'],
          [4, 'underWay'],
          [5, 'waiting'],
        ],
      )
    })

    test('a lane is not lost when its last leaves as another comes', async () => {
      await clear()
      const one = await create()
      for (let cursor = 0; cursor < 20; cursor++) {
        if (cursor === 0) await feed(one, 0, ['a'])
        const [held] = await claim()
        assert.equal(held?.offset, cursor + 1)
        await Promise.all([store.delivered(held), feed(one, cursor + 1, ['a'])])
      }
    })

    test('what did not arrive is due again when it said, and holds up its lane alone', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a', 'a', 'b'])
      const [first, other] = await claim()
      await store.retry(first!, 3_600_000, 'it answered 500')
      assert.deepEqual(await claim(), [])
      const wait = await store.nextDue(7_200_000)
      assert.ok(wait > 0 && wait <= 60_000, String(wait))
      const [{ state, attempts, dueIn, why } = assert.fail()] = await store.pending(one.tenant, one.id, 0, 1)
      assert.deepEqual([state, attempts, why], ['due', 1, 'it answered 500'])
      assert.ok(dueIn! > 3_000_000 && dueIn! <= 3_600_000, String(dueIn))
      assert.deepEqual([(await standing(one)).failures, (await standing(one)).trouble], [1, 'it answered 500'])
      await store.delivered(other!)
      assert.deepEqual([(await standing(one)).failures, (await standing(one)).trouble], [0, null])
      // Whoever changes the subscription may have mended it.
      const next = { ...one, version: 2 }
      await store.save(next, [line(next)])
      assert.deepEqual((await claim()).map(({ offset, attempt }) => [offset, attempt]), [[1, 2]]) // prettier-ignore
    })

    test('what is given back was no attempt', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a'])
      const [held] = await claim()
      await store.giveBack(held!, 0)
      const [again] = await claim()
      assert.deepEqual([again!.attempt, again!.fence], [1, 2])
    })

    test('a subscription that is paused gets nothing, and goes on where it was', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a', 'b'])
      const paused = { ...one, version: 2, paused: { why: 'enough', at: isoTime(new Date()) } }
      await store.save(paused, [line(paused)])
      assert.deepEqual(await claim(), [])
      const on = { ...paused, version: 3, paused: null }
      await store.save(on, [line(on)])
      assert.equal((await claim()).length, 2)
    })

    test('no more than it takes at once are under way, whoever claims them', async () => {
      await clear()
      const one = await create({ concurrency: 2 })
      await feed(one, 0, ['a', 'b', 'c', 'd'])
      const owners = ['one', 'two', 'three', 'four']
      const all = (await Promise.all(owners.map(owner => claim({ owner })))).flat()
      assert.ok(all.length >= 1 && all.length <= 2, `${all.length}`)
      const more = await claim()
      assert.equal(all.length + more.length, 2)
      await store.delivered(all[0]!)
      assert.equal((await claim()).length, 1)
    })

    test('tenants take turns, and so do the subscriptions of one; those that rest are left out', async () => {
      await clear()
      const [a, b] = [newId(), newId()].toSorted()
      const long = await create({ tenant: a!, concurrency: 50 })
      const short = await create({ tenant: a!, concurrency: 50 })
      const other = await create({ tenant: b!, concurrency: 50 })
      await feed(
        long,
        0,
        Array.from({ length: 30 }, (_, index) => `l${index}`),
      )
      await feed(short, 0, ['s'])
      await feed(other, 0, ['o'])
      const ids = (claimed: readonly Delivery[]) => claimed.map(each => each.subscription.id)
      const first = await claim({ most: 3, mostOfTenant: 2, lease: 0 })
      assert.deepEqual(ids(first).toSorted(), [long.id, short.id, other.id].toSorted())
      const after = await claim({ most: 1, after: a!, lease: 0 })
      assert.deepEqual(ids(after), [other.id])
      const rest = await claim({ most: 5, except: new Set([long.id]) })
      assert.deepEqual(ids(rest).toSorted(), [short.id, other.id].toSorted())
      assert.equal((await claim({ most: 30, mostOfTenant: 4 })).length, 3)
    })

    test('after a start, what the process before it held is due, where nobody else can hold it', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a'])
      await claim()
      await store.freeOrphans()
      const again = await claim({ owner: 'two' })
      const [{ state } = assert.fail()] = await store.pending(one.tenant, one.id, 0, 1)
      assert.equal(state, 'underWay')
      if (again.length > 0) assert.equal(again[0]!.fence, 2)
    })

    test('what is given up is a dead letter, and its lane goes on', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a', 'a'])
      const [held] = await claim()
      const letter = letterOf(held!)
      const told = line(one, 1)
      await store.bury(held!, letter, [told])
      // Whoever was left in doubt repeats.
      await store.bury(held!, letter, [told])
      assert.deepEqual(await store.deadLetters(one.tenant, one.id, null, 10), [letter])
      assert.deepEqual(await store.deadLetter(one.tenant, letter.id), letter)
      assert.equal(await store.deadLetter(newId(), letter.id), undefined)
      assert.deepEqual(await store.deadLetters(newId(), null, null, 10), [])
      const [next] = await claim()
      assert.equal(next!.offset, 2)
      assert.deepEqual(await standing(one), {
        cursor: 2,
        pending: 1,
        delivered: 0,
        dead: 1,
        failures: 1,
        trouble: letter.why,
      })
    })

    test('a dead letter is redriven once, in its old place, or dropped once', async () => {
      await clear()
      const one = await create()
      await feed(one, 0, ['a', 'a', 'b'])
      const letters: DeadLetter[] = []
      for (const held of await claim()) {
        const letter = letterOf(held)
        await store.bury(held, letter, [])
        letters.push(letter)
      }
      const [first, last] = letters as [DeadLetter, DeadLetter]
      assert.deepEqual(await store.deadLetters(one.tenant, one.id, last.id, 10), [first])
      const redriven = await Promise.allSettled([1, 2, 3].map(() => store.redrive(first, [])))
      assert.equal(redriven.filter(({ status }) => status === 'fulfilled').length, 1)
      await store.drop(last, [])
      await assert.rejects(store.drop(last, []), { code: 'NOT_FOUND' })
      await assert.rejects(store.redrive(last, []), { code: 'NOT_FOUND' })
      assert.deepEqual([(await standing(one)).dead, (await standing(one)).pending], [0, 2])
      const [second] = await claim()
      assert.equal(second!.offset, 2)
      await store.delivered(second!)
      assert.deepEqual((await claim()).map(({ offset, attempt }) => [offset, attempt]), [[1, 1]]) // prettier-ignore
    })
  })
}

function letterOf({ subscription, offset, lane, attempt }: Delivery): DeadLetter {
  const { tenant, id } = subscription
  return {
    id: newId(),
    tenant,
    subscription: id,
    offset,
    lane,
    attempts: attempt,
    why: 'it answered 500',
    diedAt: '2026-01-01T00:00:00.000Z',
  }
}
