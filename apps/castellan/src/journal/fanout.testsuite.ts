import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newId } from '../kernel/index.ts'
import type { Fanout } from './fanout.ts'

export interface FanoutHall {
  /** A process of an installation, once others can hear it. */
  enter(installation: string): Promise<Fanout>
  close(): Promise<void>
}

/** What every way of hinting promises. */
export function fanoutSuite(name: string, open: () => Promise<FanoutHall>, skip: string | false): void {
  describe(`${name} hints at news`, { skip }, () => {
    const within = async (body: (enter: FanoutHall['enter']) => Promise<void>) => {
      const hall = await open()
      const there: Fanout[] = []
      try {
        await body(async installation => {
          const fanout = await hall.enter(installation)
          there.push(fanout)
          return fanout
        })
      } finally {
        await Promise.all(there.map(each => each.close()))
        await hall.close()
      }
    }

    test('what one announces all others of its installation hear, and neither itself nor anybody else', () =>
      within(async enter => {
        const [ours, theirs] = [newId(), newId()]
        const [one, two, three, stranger] = [
          await enter(ours),
          await enter(ours),
          await enter(ours),
          await enter(theirs),
        ]
        const wrong: string[] = []
        one.onAnnounced(offset => wrong.push(`itself heard ${offset}`))
        stranger.onAnnounced(offset => wrong.push(`a stranger heard ${offset}`))
        const heard = Promise.all([next(two), next(three)])
        one.announce(7)
        assert.deepEqual(await heard, [7, 7])
        // Whatever went astray has arrived by the time that something later has.
        const last = Promise.all([next(one), nextOf(stranger, 3)])
        two.announce(9)
        const other = await enter(theirs)
        other.announce(3)
        await last
        assert.deepEqual(wrong, ['itself heard 9', 'a stranger heard 3'])
      }))

    test('what is said in quick succession goes as one, and the last of it always goes', () =>
      within(async enter => {
        const installation = newId()
        const [one, two] = [await enter(installation), await enter(installation)]
        const heard: number[] = []
        two.onAnnounced(offset => heard.push(offset))
        const last = nextOf(two, 5_000)
        for (let offset = 1; offset <= 5_000; offset++) one.announce(offset)
        await last
        assert.ok(heard.length <= 3, String(heard))
        assert.equal(heard.at(-1), 5_000)
      }))

    test('whoever has stopped listening hears nothing, and who has closed says nothing', () =>
      within(async enter => {
        const installation = newId()
        const [one, two] = [await enter(installation), await enter(installation)]
        const heard: number[] = []
        const stop = two.onAnnounced(offset => heard.push(offset))
        stop()
        const first = nextOf(two, 1)
        one.announce(1)
        await first
        await one.close()
        await one.close()
        one.announce(2)
        const three = await enter(installation)
        const third = nextOf(two, 3)
        three.announce(3)
        await third
        assert.deepEqual(heard, [])
      }))

    test('all is well as long as it works', () =>
      within(async enter => assert.equal((await enter(newId())).trouble, null)))
  })
}

function next(fanout: Fanout): Promise<number> {
  return new Promise(resolve => {
    const stop = fanout.onAnnounced(offset => {
      stop()
      resolve(offset)
    })
  })
}

function nextOf(fanout: Fanout, wanted: number): Promise<void> {
  return new Promise(resolve => {
    const stop = fanout.onAnnounced(offset => {
      if (offset !== wanted) return
      stop()
      resolve()
    })
  })
}
