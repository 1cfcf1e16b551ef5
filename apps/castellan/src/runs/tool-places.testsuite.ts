import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

interface OpenToolPlaces extends AsyncDisposable {
  take(tool: string, signal: AbortSignal): Promise<(() => void | Promise<void>) | null>
}

/** What calls of tools may rely on that need places, wherever these are kept. */
export function toolPlacesSuite(name: string, open: (most: number) => Promise<OpenToolPlaces>): void {
  describe(`${name} has places for calls of each tool`, () => {
    const never = new AbortController().signal

    test('as many are made at once as may be, and the others in the order in which they came', async () => {
      await using places = await open(2)
      const [one, two] = [await places.take('a', never), await places.take('a', never)]
      const came: number[] = []
      const waiting = [3, 4].map(number => places.take('a', never).then(leave => (came.push(number), leave)))
      // Another tool has places of its own.
      await (await places.take('b', never))!()
      assert.deepEqual(came, [])
      await one!()
      const three = await waiting[0]!
      assert.deepEqual(came, [3])
      await three!()
      await two!()
      await (await waiting[1]!)!()
      assert.deepEqual(came, [3, 4])
      await (await places.take('a', never))!()
    })

    test('whoever gives up takes no place, and keeps nobody from theirs', async () => {
      await using places = await open(1)
      const one = await places.take('a', never)
      const stop = new AbortController()
      const given = places.take('a', stop.signal)
      const next = places.take('a', never)
      stop.abort()
      assert.equal(await given, null)
      assert.equal(await places.take('a', stop.signal), null)
      await one!()
      await (await next)!()
    })
  })
}
