import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonValue } from '../../kernel/index.ts'
import type { Parameter, Style } from './operation.ts'
import { inHeader, inPairs, inPath } from './serialize.ts'

const array = ['blue', 'black', 'brown']
const object = { R: 100, G: 200, B: 150 }

function parameter(style: Style, explode: boolean, rest: Partial<Parameter> = {}): Parameter {
  return { argument: 'color', name: 'color', in: 'query', style, explode, allowReserved: false, json: false, ...rest }
}

function query(style: Style, explode: boolean, value: JsonValue, rest: Partial<Parameter> = {}): string {
  return inPairs(parameter(style, explode, rest), value)
    .map(([name, text]) => `${name}=${text}`)
    .join('&')
}

// The rows of OpenAPI 3.1.1 section 4.8.12.5 "Style Examples".
describe('the style examples of the specification come out as printed there', () => {
  const inPaths: readonly (readonly [Style, boolean, empty: string, string: string, array: string, object: string])[] =
    [
      ['matrix', false, ';color', ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
      ['matrix', true, ';color', ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
      ['label', false, '.', '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
      ['label', true, '.', '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
      ['simple', false, '', 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
      ['simple', true, '', 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
    ]
  for (const [style, explode, ...expected] of inPaths) {
    test(`${style}, explode ${explode}`, () => {
      const written = ['', 'blue', array, object].map(value => inPath(parameter(style, explode), value))
      assert.deepEqual(written, expected)
    })
  }

  const inQueries: readonly (readonly [Style, boolean, JsonValue, string])[] = [
    ['form', false, '', 'color='],
    ['form', false, 'blue', 'color=blue'],
    ['form', false, array, 'color=blue,black,brown'],
    ['form', false, object, 'color=R,100,G,200,B,150'],
    ['form', true, '', 'color='],
    ['form', true, 'blue', 'color=blue'],
    ['form', true, array, 'color=blue&color=black&color=brown'],
    ['form', true, object, 'R=100&G=200&B=150'],
    ['spaceDelimited', false, array, 'color=blue%20black%20brown'],
    ['spaceDelimited', false, object, 'color=R%20100%20G%20200%20B%20150'],
    ['pipeDelimited', false, array, 'color=blue%7Cblack%7Cbrown'],
    ['pipeDelimited', false, object, 'color=R%7C100%7CG%7C200%7CB%7C150'],
    ['deepObject', true, object, 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
  ]
  for (const [style, explode, value, expected] of inQueries) {
    test(`${style}, explode ${explode}, ${JSON.stringify(value)}`, () => {
      assert.equal(query(style, explode, value), expected)
    })
  }
})

describe('a value cannot leave its place', () => {
  const nasty = ['../../admin', 'a/b', 'a?b=c', 'a#b', '%2e%2e%2f', 'a;b', 'a\\b', 'ä\u0000\n', "!'()*"]
  for (const value of nasty) {
    test(`${JSON.stringify(value)} in a path or query is one piece of unreserved characters, and reads back`, () => {
      const path = inPath(parameter('simple', false), value)
      assert.match(path, /^([A-Za-z0-9._~-]|%[0-9A-F]{2})*$/)
      assert.equal(decodeURIComponent(path), value)
      assert.equal(new URLSearchParams(query('form', true, value)).get('color'), value)
    })
  }

  test('allowReserved keeps reserved characters, save those that would begin another parameter', () => {
    assert.equal(query('form', true, "a:/?@!$'()*,;=z", { allowReserved: true }), "color=a:/?@!$'()*,;=z")
    assert.equal(query('form', true, 'a&b=c#d+e[f]%41', { allowReserved: true }), 'color=a%26b=c%23d%2Be%5Bf%5D%2541')
  })

  test('names of fields are encoded like values', () => {
    assert.equal(query('form', true, { 'a&b': 'c=d' }), 'a%26b=c%3Dd')
    assert.equal(query('deepObject', true, { 'a]&b': 1 }), 'color%5Ba%5D%26b%5D=1')
  })
})

test('null is nothing: no pair, no item, no header', () => {
  assert.equal(query('form', true, null), '')
  assert.equal(query('form', false, ['a', null, 'b']), 'color=a,b')
  assert.equal(query('deepObject', true, { a: null }), '')
  assert.equal(inHeader(parameter('simple', false), null), undefined)
})

test('deep objects nest, and their arrays repeat', () => {
  assert.equal(query('deepObject', true, { a: { b: [1, 2] } }), 'color%5Ba%5D%5Bb%5D=1&color%5Ba%5D%5Bb%5D=2')
})

test('nested values that a style has no form for are JSON', () => {
  assert.equal(query('form', true, [{ a: 1 }]), 'color=%7B%22a%22%3A1%7D')
})

test('a parameter described by a media type is JSON, in every place', () => {
  assert.equal(query('form', true, { a: 1 }, { json: true }), 'color=%7B%22a%22%3A1%7D')
  assert.equal(inPath(parameter('simple', false, { json: true }), 'x'), '%22x%22')
  assert.equal(inHeader(parameter('simple', false, { json: true }), [1]), '[1]')
})

test('headers are lists or pairs, without encoding', () => {
  assert.equal(inHeader(parameter('simple', false), array), 'blue,black,brown')
  assert.equal(inHeader(parameter('simple', false), object), 'R,100,G,200,B,150')
  assert.equal(inHeader(parameter('simple', true), object), 'R=100,G=200,B=150')
  assert.equal(inHeader(parameter('simple', false), 'a b'), 'a b')
})
