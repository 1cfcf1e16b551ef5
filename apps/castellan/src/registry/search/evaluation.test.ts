import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { business } from './fixtures/business.ts'
import { clear, inflected, loose, partial } from './fixtures/questions.ts'
import { systems } from './fixtures/systems.ts'
import { stock } from './fixtures/tool-shop.ts'
import { work } from './fixtures/work.ts'
import { fieldWeights, toolText } from './tool-text.ts'
import { WordIndex } from './word-index.ts'
import { best } from './best.ts'

const index = new WordIndex(Object.values(fieldWeights))
const names = stock(work, systems, business).flatMap(({ server, tools }) =>
  tools.map(capability => {
    index.add(Object.values(toolText({ server, capability })))
    return `${server.name} ${capability.name}`
  }),
)
const shown = index.show(names.map((_, document) => document))

describe(`among ${names.length} tools of 18 servers`, () => {
  test('what is clearly asked for comes first', () => {
    assert.deepEqual(missed(clear, 1), [])
  })

  test('what is typed in part comes first', () => {
    assert.deepEqual(missed(partial, 1), [])
  })

  test('what is asked for in other forms of its words is among the first five', () => {
    assert.ok(recall(inflected, 5) >= 0.9, missed(inflected, 5).join('; '))
    assert.ok(recall(inflected, 1) >= 0.8, missed(inflected, 1).join('; '))
  })

  test('what is loosely asked for is among the first five, and mostly comes first', () => {
    assert.ok(recall(loose, 5) >= 0.95, missed(loose, 5).join('; '))
    assert.ok(recall(loose, 1) >= 0.7, missed(loose, 1).join('; '))
  })
})

type Questions = readonly (readonly [query: string, tool: string])[]

function recall(questions: Questions, first: number): number {
  return 1 - missed(questions, first).length / questions.length
}

/** Questions whose tool is not among the first so many, with what came first instead. */
function missed(questions: Questions, first: number): string[] {
  return questions.flatMap(([query, tool]) => {
    assert.ok(names.includes(tool), `no tool is called "${tool}"`)
    const found = best(index.scores(query, shown), first).map(document => names[document]!)
    return found.includes(tool) ? [] : [`"${query}" finds ${found.join(', ')} instead of ${tool}`]
  })
}
