import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolPlaces } from './tool-places.ts'

const never = new AbortController().signal

test('as many calls of a tool are made at once as may be, and the others in the order in which they came', async () => {
  const places = new ToolPlaces(2)
  const [one, two] = [await places.take('a', never), await places.take('a', never)]
  const came: number[] = []
  const waiting = [3, 4].map(number => places.take('a', never).then(leave => (came.push(number), leave)))
  // Another tool has places of its own.
  ;(await places.take('b', never))!()
  assert.deepEqual(came, [])
  one!()
  const three = await waiting[0]!
  assert.deepEqual(came, [3])
  three!()
  two!()
  ;(await waiting[1]!)!()
  assert.deepEqual(came, [3, 4])
  ;(await places.take('a', never))!()
})

test('whoever gives up takes no place, and keeps nobody from theirs', async () => {
  const places = new ToolPlaces(1)
  const one = await places.take('a', never)
  const stop = new AbortController()
  const given = places.take('a', stop.signal)
  const next = places.take('a', never)
  stop.abort()
  assert.equal(await given, null)
  assert.equal(await places.take('a', stop.signal), null)
  one!()
  ;(await next)!()
})
