import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Watches } from './watches.ts'

function opened() {
  const gone: string[] = []
  const watches = new Watches((server, uri) => gone.push(`${server} ${uri}`))
  return { watches, gone }
}

describe('a watched resource', () => {
  test('that changed is told to everybody who watches it, and to nobody else', () => {
    const { watches } = opened()
    const told: string[] = []
    watches.add('s', 'file:///a', () => told.push('first'))
    watches.add('s', 'file:///a', () => told.push('second'))
    watches.add('s', 'file:///b', () => told.push('other'))
    watches.add('t', 'file:///a', () => told.push('other server'))
    watches.changed('s', 'file:///a')
    assert.deepEqual(told, ['first', 'second'])
  })

  test('is let go once, when the last one who watched it has stopped', () => {
    const { watches, gone } = opened()
    const same = () => undefined
    const stops = [watches.add('s', 'file:///a', same), watches.add('s', 'file:///a', same)]
    stops[0]!()
    stops[0]!()
    assert.deepEqual(gone, [])
    stops[1]!()
    assert.deepEqual(gone, ['s file:///a'])
  })
})
