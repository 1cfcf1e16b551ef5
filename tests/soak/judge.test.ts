import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judge } from './judge.ts'
import type { Vitals } from './vitals.ts'

describe('a control plane that soaked', () => {
  test('is well when it holds at the end what it held at the first rest', () => {
    assert.deepEqual(judge(rests(() => ({}))), [])
    const noisy = [3, -4, 0, 5, -2, 1, -3, 4]
    assert.deepEqual(judge(rests(rest => ({ heap: 60 + noisy[rest % 8]! / 2, resident: 200 + noisy[rest % 8]! }))), [])
  })

  test('may have been without a server at the first rest that it has at the last', () => {
    assert.deepEqual(judge(rests(rest => (rest === 0 ? { children: 3, descriptors: 30 } : {}))), [])
  })

  test('may grow while it warms up', () => {
    assert.deepEqual(judge(rests(rest => ({ heap: Math.min(60, 30 + 10 * rest) }))), [])
  })

  test('is not well when its memory goes on growing, however much that goes up and down', () => {
    const [grown, ...others] = judge(rests(rest => ({ heap: 60 + rest + (rest % 2) * 3 })))
    assert.match(grown ?? '', /heap memory grows: \d+\.\d MB/)
    assert.deepEqual(others, [])
  })

  test('is not well when something is left', () => {
    const left = { descriptors: 100, children: 9, sessions: 1, underWay: 2 }
    assert.equal(judge(rests(rest => (rest === 19 ? left : {}))).length, 4)
  })

  test('is not judged by what was never looked at', () => {
    assert.match(judge([])[0] ?? '', /nothing is known/)
    assert.match(judge(rests(() => ({ heap: Number.NaN })))[0] ?? '', /heap memory grows/)
  })
})

function rests(make: (rest: number) => Partial<Vitals>): Vitals[] {
  const usual = {
    resident: 200,
    heap: 60,
    descriptors: 40,
    sockets: 10,
    threads: 12,
    children: 5,
    sessions: 0,
    underWay: 0,
    entries: 0,
    disk: 1,
  }
  return Array.from({ length: 20 }, (_, rest) => ({ ...usual, at: rest * 60, ...make(rest) }))
}
