import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostilePieces } from '../views/fixtures/hostile.ts'
import { viewsOf } from '../views/views-of.ts'
import { piiDetector } from './pii-detector.ts'

const SHORT = 3_000
const TIMES = 4

test('a text that is four times as long takes about four times the work, whatever it is made of', () => {
  const pieces = hostilePieces.flatMap((piece, index) => [
    piece,
    `${piece}${hostilePieces[(index * 7 + 3) % hostilePieces.length]}`,
    `${piece} `,
    `${piece}${hostilePieces[(index * 5 + 1) % hostilePieces.length]}${hostilePieces[(index * 11 + 2) % hostilePieces.length]}`,
  ])
  for (const piece of pieces) {
    const [short, long] = [SHORT, SHORT * TIMES].map(length => unitsRead(piece.repeat(length / piece.length)))
    assert.ok(short! < SHORT * 400, `${JSON.stringify(piece)}: ${short} units read of ${SHORT}`)
    assert.ok(long! < short! * TIMES * 1.5 + 10_000, `${JSON.stringify(piece)}: ${short} units read, then ${long}`)
  }
})

/** How many units of text are looked at by loops or taken out of it, counted where every one of them has to pass. */
function unitsRead(text: string): number {
  const strings = Object.getPrototypeOf('') as object
  const counted = ['charCodeAt', 'codePointAt', 'slice'] as const
  const originals = counted.map(name => Object.getOwnPropertyDescriptor(strings, name)!)
  let units = 0
  for (const [index, name] of counted.entries()) {
    const original = originals[index]!.value as (this: string, ...given: number[]) => number | string | undefined
    const counting = function (this: string, ...given: number[]) {
      const answer = original.apply(this, given)
      units += typeof answer === 'string' ? answer.length : 1
      return answer
    }
    Object.defineProperty(strings, name, { ...originals[index], value: counting })
  }
  try {
    piiDetector.find(viewsOf(text))
  } finally {
    for (const [index, name] of counted.entries()) Object.defineProperty(strings, name, originals[index]!)
  }
  return units
}
