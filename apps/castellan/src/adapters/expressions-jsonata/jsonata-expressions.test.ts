import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import { jsonataExpressions, type EvaluationLimits } from './jsonata-expressions.ts'

const never = new AbortController().signal

async function evaluated(template: JsonValue, scope: JsonObject = {}, limits: Partial<EvaluationLimits> = {}) {
  const expressions = jsonataExpressions(limits)
  try {
    return await expressions.evaluate(template, scope, never)
  } finally {
    await expressions.close()
  }
}

describe('a template', () => {
  test('is filled in wherever a text begins with =, and nowhere else', async () => {
    const template = { a: '=input.x', b: ['plain', '=$sum(input.y)'], c: { d: '=input.nothing' }, e: 3, f: '==x' }
    const said = await evaluated({ ...template, f: "='=x'" }, { input: { x: 'X', y: [1, 2] } })
    assert.deepEqual(said, { is: 'value', value: { a: 'X', b: ['plain', 3], c: { d: null }, e: 3, f: '=x' } })
  })

  test('comes to plain JSON, whatever an expression makes', async () => {
    assert.deepEqual(await evaluated('=function($x){$x}'), { is: 'value', value: null })
    assert.deepEqual(await evaluated('=[1..3]'), { is: 'value', value: [1, 2, 3] })
  })
})

describe('an expression that does not end well', () => {
  const rows = [
    [
      'turns round for ever',
      '=($f := function(){$f()}; $f())',
      /within the 200 ms that one evaluation may take; let it/,
    ],
    ['calls itself without end', '=($f := function($n){1 + $f($n)}; $f(1))', /stack|overflow|within/i],
    ['has a pattern that looks for ever', '=$match(input, /^(a+)+$/)', /within the 200 ms/],
    ['makes too much', '=$join([1..900000].$string($))', /characters of JSON|within/],
    ['makes a sequence that is too long', '=$count([1..9999999])', /sequence|within/i],
    ['fails', '=$error("so it is")', /so it is/],
  ] as const
  for (const [what, expression, why] of rows)
    test(`and ${what} is told of, and the next is well`, async () => {
      const expressions = jsonataExpressions({ longest: 200, most: 1 })
      try {
        const input = `${'a'.repeat(40)}!`
        const said = await expressions.evaluate(expression, { input }, never)
        assert.ok(said.is === 'failed', JSON.stringify(said).slice(0, 200))
        assert.match(said.why, why)
        assert.deepEqual(await expressions.evaluate('=1 + 1', {}, never), { is: 'value', value: 2 })
      } finally {
        await expressions.close()
      }
    })

  test('since it takes too much memory is told how much it may take, and the next is well', async () => {
    const expressions = jsonataExpressions({ longest: 60_000, most: 1 })
    try {
      const doubling = '=($d := function($s, $n){ $n = 0 ? $s : $d($s & $s, $n - 1) }; $length($d("a", 26)))'
      const said = await expressions.evaluate(doubling, {}, never)
      const why =
        'it took more memory than the 80 MB that one evaluation may take; let it make less at once, or split it into several'
      assert.deepEqual(said, { is: 'failed', why })
      assert.deepEqual(await expressions.evaluate('=1 + 1', {}, never), { is: 'value', value: 2 })
    } finally {
      await expressions.close()
    }
  })

  test('because of a mistake of ours says so, and with which', async () => {
    const source = new URL('./fixtures/broken.thread.ts', import.meta.url)
    for (const [template, message] of [
      ['throw', /: TypeError: nobody thought of this$/],
      ['leave', /: its thread ended with 3$/],
    ] as const) {
      const said = await evaluated(template, {}, { source })
      assert.ok(said.is === 'failed')
      assert.match(said.why, /^it could not be evaluated because of a bug of ours, and may be right; report it/)
      assert.match(said.why, message)
    }
  })

  test('since it cannot even be handed over is told of, and the next is well', async () => {
    let deep: JsonValue = []
    for (let depth = 0; depth < 20_000; depth++) deep = [deep]
    const expressions = jsonataExpressions({ most: 1 })
    try {
      const said = await expressions.evaluate(deep, {}, never)
      assert.ok(said.is === 'failed')
      assert.match(said.why, /nested deeper than can be handed over/)
      assert.deepEqual(await expressions.evaluate('=1 + 1', {}, never), { is: 'value', value: 2 })
    } finally {
      await expressions.close()
    }
  })

  test('because nobody wants it any more does not keep others from theirs', async () => {
    const expressions = jsonataExpressions({ longest: 200, most: 1 })
    const stop = new AbortController()
    const endless = expressions.evaluate('=($f := function(){$f()}; $f())', {}, stop.signal)
    const next = expressions.evaluate('=2', {}, never)
    stop.abort()
    assert.equal((await endless).is, 'failed')
    assert.deepEqual(await next, { is: 'value', value: 2 })
    await expressions.close()
    assert.equal((await expressions.evaluate('=1', {}, never)).is, 'failed')
  })
})

test('what an expression speaks of is known before it is evaluated', async () => {
  const { parse, close } = jsonataExpressions()
  const { problem, mentions } = await parse('nodes.a.output[x = nodes.b.output].{"c": $count(nodes.c.output)}')
  assert.deepEqual([problem, mentions.toSorted()], [null, ['a', 'b', 'c']])
  assert.match((await parse('$sum(')).problem!, /end of expression/)
  assert.notEqual((await parse('('.repeat(100_000))).problem, null)
  await close()
})

test('no expression reaches what is around it', async () => {
  for (const expression of [
    '=constructor',
    '=input.constructor.constructor',
    '=input.__proto__',
    '=process',
    '=$process',
  ])
    assert.deepEqual(await evaluated(expression, { input: {} }), { is: 'value', value: null }, expression)
})
