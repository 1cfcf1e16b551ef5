import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commonEntities, entityAt } from './html-entity.ts'

describe('an entity of HTML', () => {
  for (const [text, by, end] of [
    ['&amp;', '&', 5],
    ['&uuml; and more', 'ü', 6],
    ['&#65;', 'A', 5],
    ['&#x1F600;', '😀', 9],
    ['&#X41 ', 'A', 5],
    ['&#0;', '\ufffd', 4],
    ['&#xD800;', '\ufffd', 8],
    ['&#x110000;', '\ufffd', 10],
  ] as const) {
    test(`${text} stands for ${JSON.stringify(by)}`, () => {
      assert.deepEqual(entityAt(`before ${text}`, 7, commonEntities), { end: 7 + end, by })
    })
  }

  for (const text of ['&', '& amp;', '&#;', '&#x;', '&amp', '&lt=2', '&nope;', '&toString;', '&&amp;']) {
    test(`${text} begins with none`, () => {
      assert.equal(entityAt(text, 0, commonEntities), null)
    })
  }
})
